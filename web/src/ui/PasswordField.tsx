import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Field, type FieldWords, TextInput, type TextInputProps } from "./Field";
import { IconButton } from "./IconButton";

type PasswordFieldProps = FieldWords &
  Pick<TextInputProps, "name" | "autoComplete" | "autoFocus" | "required" | "placeholder"> & {
    value: string;
    onChange: (value: string) => void;
  };

/** Something secret to type, which one may look at. */
export function PasswordField({ label, hint, error, onChange, ...input }: PasswordFieldProps) {
  const { t } = useTranslation();
  const [visible, setVisible] = useState(false);
  return (
    // What it must be like is in the error, too.
    <Field label={label} hint={error ? undefined : hint} error={error}>
      {(control) => (
        <div className="relative">
          <TextInput
            {...control}
            {...input}
            type={visible ? "text" : "password"}
            spellCheck={false}
            className="pr-11"
            onChange={(event) => onChange(event.target.value)}
          />
          <IconButton
            icon={visible ? EyeOff : Eye}
            label={visible ? t("auth.hidePassword") : t("auth.showPassword")}
            size="sm"
            className="absolute top-1 right-1"
            onClick={() => setVisible(!visible)}
          />
        </div>
      )}
    </Field>
  );
}
