import { X } from "lucide-react";
import type { ModelChoice } from "@/api/types";
import { Field, type FieldWords } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { ModelPicker } from "./ModelPicker";

interface ModelFieldProps extends Omit<FieldWords, "error"> {
  /** What the server refused, by field. */
  fields: Record<string, string>;
  /** Which field of the request it is. */
  name: "model" | "fallback_model";
  value: ModelChoice | null;
  onChange: (provider: string, name: string) => void;
  placeholder?: string;
  /** For a model that may be none: what to have none is called, and having none. */
  without?: { label: string; run: () => void };
}

/** Which model, with all that belongs to the choice. */
export function ModelField({
  label,
  hint,
  fields,
  name,
  value,
  onChange,
  placeholder,
  without,
}: ModelFieldProps) {
  return (
    <Field
      label={label}
      hint={hint}
      error={fields[`${name}.name`] ?? fields[`${name}.provider`] ?? fields[name]}
    >
      {(control) => (
        <div className="flex items-center gap-2">
          <div className="min-w-0 flex-1">
            <ModelPicker
              id={control.id}
              describedBy={control["aria-describedby"]}
              invalid={control["aria-invalid"]}
              value={value}
              placeholder={placeholder}
              onChange={onChange}
            />
          </div>
          {without && value && <IconButton icon={X} label={without.label} onClick={without.run} />}
        </div>
      )}
    </Field>
  );
}
