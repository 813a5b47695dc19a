import { useTranslation } from "react-i18next";
import { cx } from "@/lib/cx";
import { Field, TextArea, TextInput } from "@/ui/Field";
import { SELECT } from "@/ui/Select";
import { Switch } from "@/ui/Switch";
import type { ArgumentField, Draft } from "./schema";

interface ArgumentsFormProps {
  fields: readonly ArgumentField[];
  draft: Draft;
  /** In words, by argument. */
  problems: Record<string, string>;
  onChange: (draft: Draft) => void;
}

/** The arguments of a call, to be changed before it is allowed. */
export function ArgumentsForm({ fields, draft, problems, onChange }: ArgumentsFormProps) {
  const { t } = useTranslation();
  return (
    <div className="flex flex-col gap-4">
      {fields.map((field) => {
        const hint = [field.description, field.kind === "json" && t("ask.field.json")]
          .filter(Boolean)
          .join(" ");
        return (
          <Field
            key={field.name}
            label={labelOf(field.name)}
            hint={hint || undefined}
            error={problems[field.name]}
          >
            {(control) => (
              <Control
                control={control}
                field={field}
                value={draft[field.name] ?? ""}
                onChange={(value) => onChange({ ...draft, [field.name]: value })}
              />
            )}
          </Field>
        );
      })}
    </div>
  );
}

const labelOf = (name: string) => name.replaceAll("_", " ");

interface ControlProps {
  control: { id: string; "aria-describedby"?: string; "aria-invalid"?: true };
  field: ArgumentField;
  value: string | boolean;
  onChange: (value: string | boolean) => void;
}

function Control({ control, field, value, onChange }: ControlProps) {
  const { t } = useTranslation();
  const text = String(value);
  switch (field.kind) {
    case "boolean":
      return <Switch {...control} label={labelOf(field.name)} checked={value === true} onChange={onChange} />;
    case "choice":
      return (
        <select
          {...control}
          value={text}
          onChange={(event) => onChange(event.target.value)}
          className={cx(SELECT, "h-10 w-full")}
        >
          {!field.needed && <option value="">{t("ask.field.choose")}</option>}
          {field.options.map((option) => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
      );
    case "long":
    case "json":
      return (
        <TextArea
          {...control}
          rows={Math.min(12, Math.max(3, text.split("\n").length))}
          spellCheck={field.kind === "long"}
          value={text}
          onChange={(event) => onChange(event.target.value)}
          className={cx(field.kind === "json" && "font-mono text-[0.87rem]")}
        />
      );
    default:
      return (
        <TextInput
          {...control}
          inputMode={field.kind === "text" ? "text" : field.kind === "integer" ? "numeric" : "decimal"}
          value={text}
          onChange={(event) => onChange(event.target.value)}
        />
      );
  }
}
