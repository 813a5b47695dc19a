import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useRegister, useSignIn } from "@/api/account";
import { ApiError } from "@/api/problem";
import type { Locale } from "@/api/types";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { PasswordField } from "@/ui/PasswordField";

interface CredentialsFormProps {
  mode: "sign-in" | "register";
  /** Fixed when the same person has to sign in again. */
  email?: string;
  /** Lets one register whatever the policy. */
  invitation?: string;
  onDone?: () => void;
}

export function CredentialsForm({ mode, email: fixed, invitation, onDone }: CredentialsFormProps) {
  const { t, i18n } = useTranslation();
  const [email, setEmail] = useState(fixed ?? "");
  const [password, setPassword] = useState("");
  const [tried, setTried] = useState(false);
  const needed = (value: string) => (tried && !value ? t("auth.needed") : undefined);
  const signIn = useSignIn();
  const register = useRegister();
  const action = mode === "register" ? register : signIn;
  const fields = action.error instanceof ApiError ? action.error.fields : {};
  const refused = mode === "sign-in" && action.error instanceof ApiError && action.error.status === 401;

  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!email.trim() || !password) return;
        const credentials = { email: email.trim(), password };
        if (mode === "sign-in") signIn.mutate(credentials, { onSuccess: onDone });
        else
          register.mutate(
            { ...credentials, locale: i18n.language as Locale, invitation },
            { onSuccess: onDone },
          );
      }}
    >
      <TextField
        label={t("auth.email")}
        error={needed(email.trim()) ?? fields.email}
        type="email"
        name="email"
        autoComplete="username"
        required
        autoFocus={!fixed}
        readOnly={fixed !== undefined}
        value={email}
        onChange={setEmail}
      />
      <PasswordField
        label={t("auth.password")}
        hint={mode === "register" ? t("auth.passwordHint") : undefined}
        error={needed(password) ?? fields.password}
        name="password"
        autoComplete={mode === "register" ? "new-password" : "current-password"}
        required
        autoFocus={fixed !== undefined}
        value={password}
        onChange={setPassword}
      />
      {action.isError && Object.keys(fields).length === 0 && (
        <Notice tone="danger" live>
          {refused ? t("auth.wrong") : errorText(t, action.error)}
        </Notice>
      )}
      <Button type="submit" look="primary" size="lg" className="mt-1 w-full" busy={action.isPending}>
        {t(mode === "register" ? "auth.register" : "auth.signIn")}
      </Button>
    </form>
  );
}
