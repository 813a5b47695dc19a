import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";
import { fileAddress, useFile } from "@/api/files";
import { fileSize } from "@/lib/format";

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
  const { t, i18n } = useTranslation();
  const { data: file, isPending } = useFile(id);
  // A picture has room before it is known to be one, so that nothing moves when it comes.
  if (isPending) return <div className="size-40 animate-shimmer rounded-lg bg-hover" />;
  if (file?.media_type.startsWith("image/")) {
    return (
      <a
        href={fileAddress(id)}
        target="_blank"
        rel="noreferrer"
        aria-label={t("call.enlarge")}
        className="block rounded-lg"
      >
        <img
          src={fileAddress(id)}
          alt={t("call.picture", { tool: name })}
          className="h-40 max-w-full rounded-lg border border-line object-contain"
        />
      </a>
    );
  }
  if (file?.media_type.startsWith("audio/")) {
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
  const label = file?.name ?? t("call.file");
  return (
    <a
      href={fileAddress(id, true)}
      aria-label={t("call.download", { name: label })}
      className="inline-flex h-9 max-w-full items-center gap-2 rounded-lg border border-line px-3 hover:bg-hover"
    >
      <Download aria-hidden className="size-4 shrink-0 text-ink-soft" />
      <span className="truncate">{label}</span>
      {file && <span className="shrink-0 text-ink-soft">{fileSize(file.size, i18n.language)}</span>}
    </a>
  );
}
