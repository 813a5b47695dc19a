import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useChangePassword } from "@/api/account";
import { ApiError } from "@/api/problem";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { PasswordField } from "@/ui/PasswordField";

export function PasswordForm({ email }: { email: string }) {
  const { t } = useTranslation();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const change = useChangePassword();
  const fields = change.error instanceof ApiError ? change.error.fields : {};
  const refused = change.error instanceof ApiError && [401, 403].includes(change.error.status);

  return (
    <form
      noValidate
      className="flex max-w-sm flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(
          { current_password: current, new_password: next },
          {
            onSuccess: () => {
              setCurrent("");
              setNext("");
            },
          },
        );
      }}
    >
      <h3 className="font-medium">{t("settings.password")}</h3>
      <input type="email" name="email" autoComplete="username" value={email} readOnly hidden />
      <PasswordField
        label={t("settings.currentPassword")}
        error={refused ? t("settings.wrongPassword") : fields.current_password}
        autoComplete="current-password"
        required
        value={current}
        onChange={setCurrent}
      />
      <PasswordField
        label={t("settings.newPassword")}
        hint={t("auth.passwordHint")}
        error={fields.new_password}
        autoComplete="new-password"
        required
        value={next}
        onChange={setNext}
      />
      {change.isError && !refused && Object.keys(fields).length === 0 && (
        <Notice tone="danger" live>
          {errorText(t, change.error)}
        </Notice>
      )}
      {change.isSuccess && (
        <Notice tone="ok" live>
          {t("settings.passwordChanged")}
        </Notice>
      )}
      <div>
        <Button type="submit" busy={change.isPending} disabled={!current || !next}>
          {t("settings.changePassword")}
        </Button>
      </div>
    </form>
  );
}
