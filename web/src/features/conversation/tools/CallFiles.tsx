import { useState } from "react";
import { useTranslation } from "react-i18next";
import { fileAddress, useFile } from "@/api/files";
import { FileLink } from "@/ui/files/FileLink";
import { isPicture, isRecording } from "@/ui/files/kinds";
import { Lightbox } from "@/ui/files/Lightbox";

interface CallFilesProps {
  ids: readonly string[];
  /** Of the tool they come from. */
  name: string;
}

/** What a tool left behind: pictures to look at, recordings to listen to, anything else to keep. */
export function CallFiles({ ids, name }: CallFilesProps) {
  if (ids.length === 0) return null;
  return (
    <ul className="mt-2 flex flex-wrap gap-2">
      {ids.map((id) => (
        <li key={id} className="min-w-0 max-w-full">
          <CallFile id={id} name={name} />
        </li>
      ))}
    </ul>
  );
}

function CallFile({ id, name }: { id: string; name: string }) {
  const { t } = useTranslation();
  const { data: file, isPending } = useFile(id);
  const [open, setOpen] = useState(false);
  // A picture has room before it is known to be one, so that nothing moves when it comes.
  if (isPending) return <div className="size-40 animate-shimmer rounded-xl bg-hover" />;
  if (!file) return <p className="text-ink-soft">{t("call.fileGone")}</p>;
  if (isPicture(file.media_type)) {
    return (
      <>
        <button
          type="button"
          onClick={() => setOpen(true)}
          aria-label={t("call.enlarge")}
          className="block overflow-hidden rounded-xl border border-line"
        >
          <img
            src={fileAddress(id)}
            alt={t("call.picture", { tool: name })}
            className="h-40 max-w-full object-contain"
          />
        </button>
        {open && <Lightbox pictures={[file]} first={0} onClose={() => setOpen(false)} />}
      </>
    );
  }
  if (isRecording(file.media_type)) {
    return (
      // biome-ignore lint/a11y/useMediaCaption: nobody has written down what the user said
      <audio
        controls
        src={fileAddress(id)}
        aria-label={t("call.recording", { tool: name })}
        className="h-10 max-w-full"
      />
    );
  }
  return <FileLink file={file} />;
}
