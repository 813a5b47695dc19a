import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";
import { fileAddress } from "@/api/files";
import type { UserFile } from "@/api/types";
import { fileSize } from "@/lib/format";

/** A file to keep. */
export function FileLink({ file }: { file: UserFile }) {
  const { t, i18n } = useTranslation();
  const size = fileSize(file.size, i18n.language);
  return (
    <a
      href={fileAddress(file.id, true)}
      aria-label={t("files.download", { name: file.name, size })}
      className="inline-flex h-10 max-w-full items-center gap-2 rounded-xl border border-line bg-raised px-3 text-[0.93rem] hover:bg-hover"
    >
      <Download aria-hidden className="size-4 shrink-0 text-ink-soft" />
      <span className="truncate">{file.name}</span>
      <span className="shrink-0 text-[0.87rem] text-ink-faint">{size}</span>
    </a>
  );
}
