import { useTranslation } from "react-i18next";
import type { Remember } from "@/api/approvals";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import type { PageDeed } from "@/ui/tools/known";
import { LongText } from "@/ui/tools/LongText";

interface ConsentProps {
  deed: PageDeed;
  /** For the clipboard. */
  text: string;
  remember: Remember;
  onRemember: (remember: Remember) => void;
  onBegin: () => void;
}

const REMEMBERS = ["once", "session", "always"] as const;

/** What the user agrees to before any device is touched. */
export function Consent({ deed, text, remember, onRemember, onBegin }: ConsentProps) {
  const { t } = useTranslation();
  return (
    <>
      {deed === "clipboardWrite" && (
        <div>
          <p className="mb-1 text-[0.8rem] text-ink-faint">{t("page.clipboard.put")}</p>
          <LongText text={text} />
        </div>
      )}
      <Field label={t("ask.remember")}>
        {(control) => (
          <Select
            {...control}
            value={remember}
            options={REMEMBERS.map((value) => ({ value, label: t(`ask.remembers.${value}`) }))}
            onChange={onRemember}
          />
        )}
      </Field>
      <div className="flex flex-wrap items-center gap-3">
        <Button look="primary" autoFocus onClick={onBegin}>
          {t(`page.open.${deed}`)}
        </Button>
        <span className="min-w-0 flex-1 text-[0.87rem] text-ink-soft">{t(`page.note.${deed}`)}</span>
      </div>
    </>
  );
}
