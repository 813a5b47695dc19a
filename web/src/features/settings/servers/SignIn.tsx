import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/problem";
import { CALLBACK, useServerSignIn } from "@/api/servers";
import type { McpServer } from "@/api/types";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { TextField } from "@/ui/Field";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { PasswordField } from "@/ui/PasswordField";

/** Leads to where one signs in. Where nobody knows us, one registers us there by hand and says as whom. */
export function SignIn({ server }: { server: McpServer }) {
  const { t } = useTranslation();
  const signIn = useServerSignIn();
  const [clientId, setClientId] = useState("");
  const [secret, setSecret] = useState("");
  const byHand = signIn.error instanceof ApiError && signIn.error.slug === "no-registration";
  const go = (client: { client_id?: string; client_secret?: string } = {}) =>
    signIn.mutate({ id: server.id, ...client }, { onSuccess: (url) => window.location.assign(url) });
  // The page is about to go: until it has, the button stays as it is.
  const busy = signIn.isPending || signIn.isSuccess;
  const label = t(server.auth === "oauth" ? "servers.signInAgain" : "servers.signIn");
  return (
    <div className="flex min-w-0 flex-col gap-3">
      {!byHand && (
        <div>
          <Button
            size="sm"
            look="primary"
            busy={busy}
            aria-label={t("servers.signInOf", { name: server.name })}
            onClick={() => go()}
          >
            {label}
          </Button>
        </div>
      )}
      {signIn.error && !byHand && (
        <Notice tone="danger" live title={t("servers.signInFailed")}>
          {errorText(t, signIn.error)}
        </Notice>
      )}
      {byHand && (
        <form
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            go({ client_id: clientId.trim(), ...(secret.trim() && { client_secret: secret.trim() }) });
          }}
        >
          <Notice tone="info" live>
            <p>{t("servers.byHand")}</p>
            <p className="mt-1 flex items-center gap-1">
              <code className="min-w-0 select-all break-all font-mono text-[0.87rem] text-ink">
                {window.location.origin + CALLBACK}
              </code>
              <CopyButton text={window.location.origin + CALLBACK} label={t("common.copy")} />
            </p>
          </Notice>
          <TextField
            label={t("servers.clientId")}
            value={clientId}
            spellCheck={false}
            autoComplete="off"
            onChange={setClientId}
          />
          <PasswordField
            label={`${t("servers.clientSecret")} (${t("common.optional")})`}
            value={secret}
            autoComplete="new-password"
            onChange={setSecret}
          />
          <div>
            <Button type="submit" size="sm" look="primary" busy={busy} disabled={!clientId.trim()}>
              {t("servers.goOn")}
            </Button>
          </div>
        </form>
      )}
    </div>
  );
}
