import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { Button } from "@/ui/Button";

/** What somebody sees who has just deleted the account. */
export function Goodbye({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  return (
    <div role="status">
      <h1 className="font-semibold text-[1.7rem] tracking-tight">{t("data.goodbyeTitle")}</h1>
      <p className="mt-2 mb-7 text-ink-soft">{t("data.goodbyeText")}</p>
      <Button
        onClick={() => {
          onDone();
          go("/signin", { replace: true });
        }}
      >
        {t("data.goodbyeHome")}
      </Button>
    </div>
  );
}
