import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useInvited, useResetPassword } from "@/api/account";
import { ApiError } from "@/api/problem";
import { Button } from "@/ui/Button";
import { Field, TextInput } from "@/ui/Field";
import { errorText } from "@/ui/failures";
import { Logo } from "@/ui/Logo";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { CredentialsForm } from "./CredentialsForm";
import { LanguageSwitch } from "./LanguageSwitch";

interface LinkPageProps {
  /** "/invite" or "/reset". What the link holds stands after # and is sent to nobody on the way. */
  of: string;
  onRegistered: () => void;
  onSignIn: () => void;
}

/** Where a link leads that an administrator gave to somebody. */
export function LinkPage({ of, onRegistered, onSignIn }: LinkPageProps) {
  const [token] = useState(() => location.hash.slice(1));
  return (
    <div className="scroll-thin flex h-full flex-col overflow-y-auto">
      <header className="flex items-center justify-between px-5 py-4">
        <span className="flex items-center gap-2.5 font-semibold text-[1.05rem]">
          <Logo />
          Artel
        </span>
        <LanguageSwitch />
      </header>
      <main id="main" className="m-auto w-full max-w-sm px-5 py-8">
        {of === "/invite" ? (
          <Invitation token={token} onRegistered={onRegistered} onSignIn={onSignIn} />
        ) : (
          <Reset token={token} onSignIn={onSignIn} />
        )}
      </main>
    </div>
  );
}

function Heading({ title, text }: { title: string; text: string }) {
  return (
    <>
      <h1 className="font-semibold text-[1.7rem] tracking-tight">{title}</h1>
      <p className="mt-1.5 mb-7 text-ink-soft">{text}</p>
    </>
  );
}

function Invitation({ token, onRegistered, onSignIn }: { token: string } & Omit<LinkPageProps, "of">) {
  const { t } = useTranslation();
  const invited = useInvited(token);
  if (invited.isPending) return <Skeleton className="h-40" />;
  if (invited.error) {
    const bad = invited.error instanceof ApiError && [403, 422].includes(invited.error.status);
    return (
      <>
        <Heading
          title={t("admin.invited.bad")}
          text={bad ? t("admin.invited.badText") : errorText(t, invited.error)}
        />
        <Button className="w-full" onClick={onSignIn}>
          {t("admin.invited.signIn")}
        </Button>
      </>
    );
  }
  const { email, role } = invited.data;
  return (
    <>
      <Heading
        title={t("admin.invited.title")}
        text={`${t("admin.invited.text")}${role === "admin" ? ` ${t("admin.invited.asAdmin")}` : ""}`}
      />
      <CredentialsForm mode="register" email={email ?? undefined} invitation={token} onDone={onRegistered} />
    </>
  );
}

function Reset({ token, onSignIn }: { token: string; onSignIn: () => void }) {
  const { t } = useTranslation();
  const reset = useResetPassword();
  const [password, setPassword] = useState("");
  const refused = reset.error instanceof ApiError ? reset.error.fields.password : undefined;
  if (reset.isSuccess) {
    return (
      <>
        <Heading title={t("admin.reset.title")} text={t("admin.reset.done")} />
        <Button look="primary" size="lg" className="w-full" onClick={onSignIn}>
          {t("admin.invited.signIn")}
        </Button>
      </>
    );
  }
  return (
    <>
      <Heading title={t("admin.reset.title")} text={t("admin.reset.text")} />
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          reset.mutate({ token, password });
        }}
      >
        <Field label={t("auth.password")} hint={t("auth.passwordHint")} error={refused}>
          {(control) => (
            <TextInput
              {...control}
              type="password"
              autoComplete="new-password"
              required
              autoFocus
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          )}
        </Field>
        {reset.isError && !refused && (
          <Notice tone="danger" live>
            {errorText(t, reset.error)}
          </Notice>
        )}
        <Button type="submit" look="primary" size="lg" className="w-full" busy={reset.isPending}>
          {t("admin.reset.save")}
        </Button>
      </form>
    </>
  );
}
