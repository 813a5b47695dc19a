import { MailPlus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Invitation, useInvitations, useInvite, useWithdraw } from "@/api/admin";
import { ApiError } from "@/api/problem";
import { shortTime } from "@/lib/format";
import { Button } from "@/ui/Button";
import { Choice } from "@/ui/Choice";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { LinkBox } from "./LinkBox";

const DAYS = "7";

/** Who may still come in by a link. */
export function InvitationsSection() {
  const { t } = useTranslation();
  const invitations = useInvitations();
  const [inviting, setInviting] = useState(false);
  return (
    <div className="flex flex-col items-start gap-4">
      <p className="text-ink-soft">{t("admin.invitations.text")}</p>
      <Button look="primary" onClick={() => setInviting(true)}>
        <MailPlus aria-hidden className="size-4" />
        {t("admin.invitations.make")}
      </Button>
      {invitations.isPending && <Skeleton className="h-14 w-full" />}
      {invitations.error && <Notice tone="danger">{errorText(t, invitations.error)}</Notice>}
      {invitations.data?.items.length === 0 && <p className="text-ink-soft">{t("admin.invitations.none")}</p>}
      {invitations.data && invitations.data.items.length > 0 && (
        <ul className="w-full divide-y divide-line rounded-xl border border-line bg-raised">
          {invitations.data.items.map((invitation) => (
            <Row key={invitation.id} invitation={invitation} />
          ))}
        </ul>
      )}
      {inviting && <Invite onClose={() => setInviting(false)} />}
    </div>
  );
}

function Row({ invitation }: { invitation: Invitation }) {
  const { t, i18n } = useTranslation();
  const withdraw = useWithdraw();
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="break-words">{invitation.email ?? t("admin.invitations.anybody")}</p>
        <p className="text-[0.87rem] text-ink-soft">
          {t(`admin.people.${invitation.role}`)} ·{" "}
          {t("admin.invitations.until", { date: shortTime(invitation.expires_at, i18n.language) })}
        </p>
      </div>
      <Button size="sm" busy={withdraw.isPending} onClick={() => withdraw.mutate(invitation.id)}>
        {t("admin.invitations.withdraw")}
      </Button>
    </li>
  );
}

function Invite({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const invite = useInvite();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<"user" | "admin">("user");
  const [days, setDays] = useState(DAYS);
  const fields = invite.error instanceof ApiError ? invite.error.fields : {};
  if (invite.data) {
    return (
      <Dialog open wide onClose={onClose} title={t("admin.invitations.ready")}>
        <div className="mt-4">
          <LinkBox link={invite.data.link} text={t("admin.invitations.readyText")} />
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog open onClose={onClose} title={t("admin.invitations.make")}>
      <form
        noValidate
        className="mt-4 flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          invite.mutate({ email: email.trim() || null, role, days: Number(days) });
        }}
      >
        <TextField
          label={t("admin.invitations.email")}
          hint={t("admin.invitations.emailHint")}
          error={fields.email}
          type="email"
          autoFocus
          value={email}
          onChange={setEmail}
        />
        <Choice
          label={t("admin.invitations.role")}
          value={role}
          options={(["user", "admin"] as const).map((value) => ({
            value,
            label: t(`admin.people.${value}`),
          }))}
          onChange={setRole}
        />
        <TextField
          label={t("admin.invitations.days")}
          error={fields.days}
          inputMode="numeric"
          className="max-w-28"
          value={days}
          onChange={setDays}
        />
        {invite.error && Object.keys(fields).length === 0 && (
          <Notice tone="danger">{errorText(t, invite.error)}</Notice>
        )}
        <Button type="submit" look="primary" className="self-end" busy={invite.isPending}>
          {t("admin.invitations.create")}
        </Button>
      </form>
    </Dialog>
  );
}
