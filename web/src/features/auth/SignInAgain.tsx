import { Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { fetchMe, useOptions } from "@/api/account";
import type { Me } from "@/api/types";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Notice } from "@/ui/Notice";
import { CredentialsForm } from "./CredentialsForm";
import { ProviderWay } from "./provider";

interface SignInAgainProps {
  me: Me;
  open: boolean;
  onDone: () => void;
  onLeave: () => void;
}

/** The sign-in ended while the page was open: the page stays as it is behind this window, drafts and all. */
export function SignInAgain({ me, open, onDone, onLeave }: SignInAgainProps) {
  const { t } = useTranslation();
  const { data: options } = useOptions();
  const other = useSignedInElsewhere(me, open && options?.oidc != null, onDone);
  const passwords = me.has_password && (options?.password ?? true);
  return (
    <Dialog
      open={open}
      onClose={onLeave}
      dismissible={false}
      title={t("auth.expiredTitle")}
      description={t("auth.expiredText")}
    >
      <div className="mt-5">
        {passwords && <CredentialsForm mode="sign-in" email={me.email} onDone={onDone} />}
        {options?.oidc && (
          <Suspense fallback={null}>
            <ProviderWay name={options.oidc.name} way={location.pathname} beside={passwords} newTab />
            {other && (
              <div className="mt-3">
                <Notice tone="warn" live>
                  {t("oidc.otherAccount", { email: other, mine: me.email })}
                </Notice>
              </div>
            )}
          </Suspense>
        )}
        <Button look="ghost" className="mt-2 w-full" onClick={onLeave}>
          {t("auth.signOut")}
        </Button>
      </div>
    </Dialog>
  );
}

/** Who comes back to this tab may have signed in in another one; answers the address of who it is, if another user. */
function useSignedInElsewhere(me: Me, watch: boolean, onDone: () => void): string | null {
  const [other, setOther] = useState<string | null>(null);
  useEffect(() => {
    if (!watch) return;
    const look = () => {
      if (document.hidden) return;
      fetchMe().then(
        (found) => {
          if (found?.id === me.id) onDone();
          else setOther(found?.email ?? null);
        },
        () => undefined,
      );
    };
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [me.id, watch, onDone]);
  return other;
}
