import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type Account,
  useAdminSettings,
  useChangeAccount,
  useDeleteAccount,
  usePasswordLink,
  useSignOutAccount,
} from "@/api/admin";
import { Button } from "@/ui/Button";
import { Choice } from "@/ui/Choice";
import { Confirm } from "@/ui/Confirm";
import { Dialog } from "@/ui/Dialog";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { useToast } from "@/ui/toasts";
import { LimitsForm } from "./LimitsForm";
import { LinkBox } from "./LinkBox";
import { behind } from "./limits";

/** Everything that can be done to an account. */
export function AccountDialog({
  account,
  own,
  onClose,
}: {
  account: Account;
  own: boolean;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const toast = useToast();
  const change = useChangeAccount();
  const signOut = useSignOutAccount();
  const link = usePasswordLink();
  const settings = useAdminSettings();
  const [erasing, setErasing] = useState(false);
  const save = (wanted: Parameters<typeof change.mutate>[0]["change"]) =>
    change.mutate(
      { id: account.id, change: wanted },
      { onSuccess: () => toast({ title: t("admin.account.saved") }) },
    );
  const error = change.error ?? signOut.error ?? link.error;
  return (
    <Dialog open wide onClose={onClose} title={account.email}>
      <div className="mt-4 flex flex-col gap-6">
        {error && (
          <Notice tone="danger" live>
            {errorText(t, error)}
          </Notice>
        )}
        <Choice
          label={t("admin.account.role")}
          value={account.role}
          options={(["user", "admin"] as const).map((value) => ({
            value,
            label: t(`admin.people.${value}`),
          }))}
          onChange={(role) => save({ role })}
        />
        <div className="flex flex-wrap gap-2">
          <Button
            busy={change.isPending}
            look={account.is_active ? "secondary" : "primary"}
            onClick={() => save({ is_active: !account.is_active })}
          >
            {t(account.is_active ? "admin.account.disable" : "admin.account.enable")}
          </Button>
          <Button
            busy={signOut.isPending}
            onClick={() =>
              signOut.mutate(account.id, { onSuccess: () => toast({ title: t("admin.account.done") }) })
            }
          >
            {t("admin.account.signOut")}
          </Button>
          <Button busy={link.isPending} onClick={() => link.mutate(account.id)}>
            {t("admin.account.passwordLink")}
          </Button>
          {!own && (
            <Button look="dangerGhost" onClick={() => setErasing(true)}>
              {t("admin.account.delete")}
            </Button>
          )}
        </div>
        {account.is_active && (
          <p className="-mt-3 text-[0.87rem] text-ink-soft">{t("admin.account.disableText")}</p>
        )}
        {link.data && (
          <LinkBox link={link.data.link} text={t("admin.account.linkText", { email: account.email })} />
        )}
        <div>
          <h3 className="font-semibold">{t("admin.account.limits")}</h3>
          <p className="mb-3 text-[0.87rem] text-ink-soft">{t("admin.account.limitsText")}</p>
          <LimitsForm
            limits={account.limits}
            usual={behind(settings.data)}
            busy={change.isPending}
            onSave={(limits) => save({ limits })}
          />
        </div>
      </div>
      {erasing && <Erase account={account} onClose={() => setErasing(false)} onDone={onClose} />}
    </Dialog>
  );
}

function Erase({ account, onClose, onDone }: { account: Account; onClose: () => void; onDone: () => void }) {
  const { t } = useTranslation();
  const erase = useDeleteAccount();
  const text = erase.error ? errorText(t, erase.error) : t("admin.account.deleteText");
  return (
    <Confirm
      open
      onClose={onClose}
      title={t("admin.account.deleteTitle", { email: account.email })}
      text={text}
      action={t("admin.account.delete")}
      busy={erase.isPending}
      onConfirm={() => erase.mutate(account.id, { onSuccess: onDone })}
    />
  );
}
