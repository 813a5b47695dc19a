import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChangePassword } from "@/api/account";
import { ApiError } from "@/api/problem";
import { Button } from "@/ui/Button";
import { PasswordField } from "@/ui/PasswordField";
import { Refused } from "./IdentityForm";

interface FirstPasswordProps {
  email: string;
  /** The provider's. */
  name: string;
  onDone: () => void;
}

/** For an account that is opened through a provider only. */
export function FirstPassword({ email, name, onDone }: FirstPasswordProps) {
  const { t } = useTranslation();
  const [password, setPassword] = useState("");
  const change = useChangePassword();
  const fields = change.error instanceof ApiError ? change.error.fields : {};
  return (
    <form
      noValidate
      className="flex max-w-sm flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ current_password: null, new_password: password }, { onSuccess: onDone });
      }}
    >
      <h3 className="font-medium">{t("oidc.firstPassword")}</h3>
      <p className="text-[0.93rem] text-ink-soft">{t("oidc.firstPasswordText", { name })}</p>
      <input type="email" name="email" autoComplete="username" value={email} readOnly hidden />
      <PasswordField
        label={t("settings.newPassword")}
        hint={t("auth.passwordHint")}
        error={fields.new_password ?? fields.password}
        autoComplete="new-password"
        required
        value={password}
        onChange={setPassword}
      />
      {change.error && Object.keys(fields).length === 0 && <Refused error={change.error} />}
      <div>
        <Button type="submit" busy={change.isPending} disabled={!password}>
          {t("oidc.setPassword")}
        </Button>
      </div>
    </form>
  );
}
