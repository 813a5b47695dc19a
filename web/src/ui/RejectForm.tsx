import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { Field, TextArea } from "@/ui/Field";

interface RejectFormProps {
  hint: string;
  action: string;
  busy: boolean;
  onReject: (reason: string) => void;
  onBack: () => void;
}

const LONGEST = 2000;

/** A no, perhaps with a reason. */
export function RejectForm({ hint, action, busy, onReject, onBack }: RejectFormProps) {
  const { t } = useTranslation();
  const [reason, setReason] = useState("");
  return (
    <form
      className="flex flex-col gap-3 border-line border-t bg-sunken px-4 py-3"
      onSubmit={(event) => {
        event.preventDefault();
        onReject(reason.trim());
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        // Only this form closes, not what it stands in.
        event.stopPropagation();
        onBack();
      }}
    >
      <Field label={t("approval.rejectTitle")} hint={hint}>
        {(control) => (
          <TextArea
            {...control}
            autoFocus
            rows={2}
            maxLength={LONGEST}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="danger" busy={busy}>
          {action}
        </Button>
        <Button look="ghost" onClick={onBack}>
          {t("common.back")}
        </Button>
      </div>
    </form>
  );
}
