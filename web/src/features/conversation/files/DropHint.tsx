import { FileUp } from "lucide-react";
import { useTranslation } from "react-i18next";

/** Where files will go that are held over the page. */
export function DropHint() {
  const { t } = useTranslation();
  return (
    <div className="pointer-events-none absolute inset-0 z-10 flex items-center justify-center gap-2 rounded-2xl border-2 border-accent border-dashed bg-accent-soft/95 font-medium text-accent-text">
      <FileUp aria-hidden className="size-5" />
      {t("files.drop")}
    </div>
  );
}
