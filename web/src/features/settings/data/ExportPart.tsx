import { Download } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { EXPORT, useExtent } from "@/api/mine";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/Notice";
import { useExtentText } from "./words";

/** The browser saves the archive itself, as it comes. */
export function fetchExport() {
  const link = document.createElement("a");
  link.href = EXPORT;
  link.download = "";
  link.click();
}

export function ExportPart() {
  const { t } = useTranslation();
  const { data: extent } = useExtent();
  const extentText = useExtentText();
  const [started, setStarted] = useState(false);
  return (
    <section aria-labelledby="export-title" className="flex flex-col gap-3">
      <div>
        <h3 id="export-title" className="font-medium">
          {t("data.exportTitle")}
        </h3>
        <p className="text-ink-soft">{t("data.exportText")}</p>
      </div>
      {extent && <p className="tabular-nums">{extentText(extent)}</p>}
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Button
          look="primary"
          onClick={() => {
            fetchExport();
            setStarted(true);
          }}
        >
          <Download aria-hidden className="size-4" />
          {t("data.export")}
        </Button>
        <span className="text-[0.87rem] text-ink-soft">{t("data.exportLimit")}</span>
      </div>
      {started && (
        <Notice tone="info" live>
          {t("data.exportStarted")}
        </Notice>
      )}
    </section>
  );
}
