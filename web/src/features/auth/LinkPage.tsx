import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useInvited, useResetPassword } from "@/api/account";
import { ApiError } from "@/api/problem";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { PasswordField } from "@/ui/PasswordField";
import { Skeleton } from "@/ui/Skeleton";
import { CredentialsForm } from "./CredentialsForm";
import { Door, DoorHeading } from "./Door";

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
    <Door>
      {of === "/invite" ? (
        <Invitation token={token} onRegistered={onRegistered} onSignIn={onSignIn} />
      ) : (
        <Reset token={token} onSignIn={onSignIn} />
      )}
    </Door>
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
        <DoorHeading
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
      <DoorHeading
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
        <DoorHeading title={t("admin.reset.title")} text={t("admin.reset.done")} />
        <Button look="primary" size="lg" className="w-full" onClick={onSignIn}>
          {t("admin.invited.signIn")}
        </Button>
      </>
    );
  }
  return (
    <>
      <DoorHeading title={t("admin.reset.title")} text={t("admin.reset.text")} />
      <form
        noValidate
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          reset.mutate({ token, password });
        }}
      >
        <PasswordField
          label={t("auth.password")}
          hint={t("auth.passwordHint")}
          error={refused}
          autoComplete="new-password"
          required
          autoFocus
          value={password}
          onChange={setPassword}
        />
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
