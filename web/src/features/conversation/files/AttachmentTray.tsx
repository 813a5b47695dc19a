import { FileText, ImageIcon, Music, RotateCw, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { fileAddress } from "@/api/files";
import { cx } from "@/lib/cx";
import { fileSize } from "@/lib/format";
import { fileError, mayHelp } from "@/ui/files/fileError";
import { isPicture, isRecording, isUnreadable } from "@/ui/files/kinds";
import { IconButton } from "@/ui/IconButton";
import { type Attachment, isOnItsWay, MOST_FILES } from "./attachments";
import type { Attachments } from "./useAttachments";

/** What goes with the next message: how far each file is, what is wrong with it, and a way to leave it out. */
export function AttachmentTray({ files }: { files: Attachments }) {
  const { t } = useTranslation();
  const ready = files.items.filter(({ status }) => status === "ready").length;
  return (
    <div className="px-3 pt-3">
      {files.items.length > 0 && (
        <ul
          aria-label={t("files.attached")}
          className="scroll-thin flex max-h-[32dvh] flex-wrap gap-2 overflow-y-auto"
        >
          {files.items.map((attachment) => (
            <Chip key={attachment.key} attachment={attachment} files={files} />
          ))}
        </ul>
      )}
      {files.leftOut > 0 && (
        <p role="alert" className="mt-2 text-[0.87rem] text-danger">
          {t("files.tooMany", { count: MOST_FILES })}
        </p>
      )}
      <p role="status" className="sr-only">
        {files.busy ? t("files.uploading") : ready > 0 && t("files.ready", { count: ready })}
      </p>
    </div>
  );
}

function Chip({ attachment, files }: { attachment: Attachment; files: Attachments }) {
  const { t } = useTranslation();
  const { key, name, status, error } = attachment;
  return (
    <li
      className={cx(
        "flex min-w-0 max-w-full items-center gap-2 rounded-xl border py-1 pr-1 pl-1.5 sm:max-w-72",
        status === "failed" ? "border-danger/60 bg-danger-soft" : "border-line bg-sunken",
      )}
    >
      <Sign attachment={attachment} />
      <span className="min-w-0 flex-1 text-[0.87rem] leading-snug">
        <span className="block truncate font-medium">{name}</span>
        <State attachment={attachment} />
      </span>
      {status === "failed" && mayHelp(error) && (
        <IconButton
          icon={RotateCw}
          label={t("files.again", { name })}
          size="sm"
          onClick={() => files.again(key)}
        />
      )}
      <IconButton icon={X} label={t("files.remove", { name })} size="sm" onClick={() => files.remove(key)} />
    </li>
  );
}

function Sign({ attachment: { kept, mediaType } }: { attachment: Attachment }) {
  if (kept && isPicture(kept.media_type)) {
    return (
      <img src={fileAddress(kept.id)} alt="" className="size-9 shrink-0 rounded-lg bg-hover object-cover" />
    );
  }
  const Icon = mediaType.startsWith("image/") ? ImageIcon : isRecording(mediaType) ? Music : FileText;
  return (
    <span className="flex size-9 shrink-0 items-center justify-center rounded-lg bg-hover text-ink-soft">
      <Icon aria-hidden className="size-[1.15rem]" />
    </span>
  );
}

function State({ attachment }: { attachment: Attachment }) {
  const { t, i18n } = useTranslation();
  const { name, size, status, progress, kept, error } = attachment;
  if (status === "failed") {
    return (
      <span role="alert" className="block text-danger">
        {fileError(t, error, i18n.language)}
      </span>
    );
  }
  if (isOnItsWay(attachment)) {
    const percent = Math.round(progress * 100);
    return (
      <span className="flex items-center gap-2 text-ink-soft">
        <span
          role="progressbar"
          aria-label={t("files.progress", { name })}
          aria-valuenow={percent}
          className="block h-1 w-16 overflow-hidden rounded-full bg-line"
        >
          <span className="block h-full bg-accent transition-[width]" style={{ width: `${percent}%` }} />
        </span>
        {percent < 100 ? <span className="tabular-nums">{percent} %</span> : t("files.reading")}
      </span>
    );
  }
  if (kept && isUnreadable(kept)) {
    return (
      <span className="block text-warn">
        {t(kept.text === "failed" ? "files.unreadable" : "files.withoutText")}
      </span>
    );
  }
  return <span className="block text-ink-soft">{fileSize(size, i18n.language)}</span>;
}
