import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useRegister, useSignIn } from "@/api/account";
import { ApiError } from "@/api/problem";
import type { Locale } from "@/api/types";
import { Button } from "@/ui/Button";
import { Field, TextInput } from "@/ui/Field";
import { errorText } from "@/ui/failures";
import { IconButton } from "@/ui/IconButton";
import { Notice } from "@/ui/Notice";

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
  const [visible, setVisible] = useState(false);
  const signIn = useSignIn();
  const register = useRegister();
  const action = mode === "register" ? register : signIn;
  const fields = action.error instanceof ApiError ? action.error.fields : {};
  const refused = mode === "sign-in" && action.error instanceof ApiError && action.error.status === 401;

  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        const credentials = { email: email.trim(), password };
        if (mode === "sign-in") signIn.mutate(credentials, { onSuccess: onDone });
        else
          register.mutate(
            { ...credentials, locale: i18n.language as Locale, invitation },
            { onSuccess: onDone },
          );
      }}
    >
      <Field label={t("auth.email")} error={fields.email}>
        {(control) => (
          <TextInput
            {...control}
            type="email"
            name="email"
            autoComplete="username"
            required
            autoFocus={!fixed}
            readOnly={fixed !== undefined}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        )}
      </Field>
      <Field
        label={t("auth.password")}
        hint={mode === "register" ? t("auth.passwordHint") : undefined}
        error={fields.password}
      >
        {(control) => (
          <div className="relative">
            <TextInput
              {...control}
              type={visible ? "text" : "password"}
              name="password"
              autoComplete={mode === "register" ? "new-password" : "current-password"}
              required
              autoFocus={fixed !== undefined}
              value={password}
              className="pr-11"
              onChange={(event) => setPassword(event.target.value)}
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
