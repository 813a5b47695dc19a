import { useState } from "react";
import { useTranslation } from "react-i18next";
import { MAX_MEMORY } from "@/api/memory";
import { ApiError } from "@/api/problem";
import { modKey } from "@/lib/hotkeys";
import { Button } from "@/ui/Button";
import { Field, TextArea } from "@/ui/Field";
import { errorText } from "@/ui/failures";

interface TextFormProps {
  label: string;
  initial: string;
  busy: boolean;
  /** Why it was not taken. */
  error: unknown;
  onSave: (text: string) => void;
  onCancel: () => void;
}

/** The text of a memory, to be written or changed. Ctrl+Enter saves, Escape gives up. */
export function TextForm({ label, initial, busy, error, onSave, onCancel }: TextFormProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(initial);
  const ready = text.trim() !== "" && text.trim() !== initial.trim() && !busy;
  const problem = error instanceof ApiError ? (error.fields.text ?? errorText(t, error)) : null;
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) onSave(text.trim());
      }}
    >
      <Field
        label={label}
        error={problem ?? (error ? errorText(t, error) : null)}
        hint={t("memory.textHint", { keys: `${modKey()}Enter` })}
      >
        {(control) => (
          <TextArea
            {...control}
            autoFocus
            rows={Math.min(12, Math.max(3, Math.ceil(text.length / 70)))}
            value={text}
            maxLength={MAX_MEMORY}
            onFocus={({ target }) => target.setSelectionRange(target.value.length, target.value.length)}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && ready) onSave(text.trim());
              if (event.key === "Escape") {
                event.stopPropagation();
                onCancel();
              }
            }}
          />
        )}
      </Field>
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onCancel}>{t("common.cancel")}</Button>
        <Button type="submit" look="primary" busy={busy} disabled={!ready}>
          {t("common.save")}
        </Button>
      </div>
    </form>
  );
}
