import { useTranslation } from "react-i18next";
import type { Me } from "@/api/types";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { CredentialsForm } from "./CredentialsForm";

interface SignInAgainProps {
  me: Me;
  open: boolean;
  onDone: () => void;
  onLeave: () => void;
}

/** The sign-in ended while the page was open: the page stays as it is behind this window, drafts and all. */
export function SignInAgain({ me, open, onDone, onLeave }: SignInAgainProps) {
  const { t } = useTranslation();
  return (
    <Dialog
      open={open}
      onClose={onLeave}
      dismissible={false}
      title={t("auth.expiredTitle")}
      description={t("auth.expiredText")}
    >
      <div className="mt-5">
        <CredentialsForm mode="sign-in" email={me.email} onDone={onDone} />
        <Button look="ghost" className="mt-2 w-full" onClick={onLeave}>
          {t("auth.signOut")}
        </Button>
      </div>
    </Dialog>
  );
}
