import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearch } from "wouter";
import { useOptions } from "@/api/account";
import { startOf, useIdentity, useLink, useUnlink } from "@/api/oidc";
import { ApiError } from "@/api/problem";
import type { IdentityOf, Me } from "@/api/types";
import { relativeTime } from "@/lib/format";
import type { OidcTexts } from "@/lib/i18n/oidc.en";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { PasswordField } from "@/ui/PasswordField";
import { Skeleton } from "@/ui/Skeleton";

/** Who one is at the provider, and whether that opens this account. */
export function IdentityForm({ me }: { me: Me }) {
  const { t } = useTranslation();
  const { data: options } = useOptions();
  const { data, isPending, error } = useIdentity();
  const result = new URLSearchParams(useSearch()).get("identity");
  if (!options?.oidc) return null;
  return (
    <section className="flex max-w-sm flex-col gap-4" aria-labelledby="identity-title">
      <h3 id="identity-title" className="font-medium">
        {t("oidc.title", { name: options.oidc.name })}
      </h3>
      {result && <Result result={result} />}
      {isPending && <Skeleton className="h-14" />}
      {error && <Notice tone="danger">{errorText(t, error)}</Notice>}
      {data?.identity && <Linked of={data} only={!options.password} />}
      {data && !data.identity && <NotLinked me={me} />}
    </section>
  );
}

/** What came of going to the provider. */
function Result({ result }: { result: string }) {
  const { t } = useTranslation();
  if (result === "linked") {
    return (
      <Notice tone="ok" live>
        {t("oidc.done")}
      </Notice>
    );
  }
  return (
    <Notice tone={result === "cancelled" ? "info" : "danger"} live>
      {t([`oidc.problems.${result as keyof OidcTexts["problems"]}`, "oidc.problems.refused"])}
    </Notice>
  );
}

function Linked({ of: { identity, can_unlink: canUnlink }, only }: { of: IdentityOf; only: boolean }) {
  const { t, i18n } = useTranslation();
  const unlink = useUnlink();
  if (!identity) return null;
  return (
    <>
      <div className="rounded-xl border border-line bg-raised px-4 py-3">
        <p className="break-words">
          {identity.email ? t("oidc.linked", { email: identity.email }) : t("oidc.linkedWithout")}
        </p>
        <p className="text-[0.87rem] text-ink-soft">
          {t("oidc.since", {
            date: relativeTime(identity.created_at, i18n.language),
            used: relativeTime(identity.used_at, i18n.language),
          })}
        </p>
      </div>
      {!canUnlink && (
        <p className="text-[0.9rem] text-ink-soft">{t(only ? "oidc.onlyWay" : "oidc.lastWayIn")}</p>
      )}
      {unlink.error && <Notice tone="danger">{errorText(t, unlink.error)}</Notice>}
      {canUnlink && (
        <div>
          <Button busy={unlink.isPending} onClick={() => unlink.mutate()}>
            {t("oidc.unlink")}
          </Button>
        </div>
      )}
    </>
  );
}

function NotLinked({ me }: { me: Me }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState("");
  const link = useLink();
  const fields = link.error instanceof ApiError ? link.error.fields : {};
  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        link.mutate(me.has_password ? password : null);
      }}
    >
      <p className="text-[0.93rem] text-ink-soft">{t("oidc.notLinked")}</p>
      <input type="email" name="email" autoComplete="username" value={me.email} readOnly hidden />
      {me.has_password && (
        <PasswordField
          label={t("settings.currentPassword")}
          error={fields.current_password && t("settings.wrongPassword")}
          autoComplete="current-password"
          required
          value={password}
          onChange={setPassword}
        />
      )}
      {link.error && Object.keys(fields).length === 0 && <Refused error={link.error} />}
      <div>
        <Button type="submit" busy={link.isPending || link.isSuccess} disabled={me.has_password && !password}>
          {t("oidc.link")}
        </Button>
      </div>
    </form>
  );
}

/** An error of a request for which one may have to sign in anew first. */
export function Refused({ error }: { error: Error }) {
  const { t } = useTranslation();
  const anew = error instanceof ApiError && error.slug === "sign-in-anew";
  return (
    <Notice
      tone={anew ? "warn" : "danger"}
      live
      actions={
        anew && (
          <a
            href={startOf("/settings/profile")}
            className="inline-flex h-8 items-center rounded-lg border border-line bg-raised px-2.5 font-medium text-[0.87rem] hover:bg-hover"
          >
            {t("oidc.signInAnew")}
          </a>
        )
      }
    >
      {anew ? t("oidc.anew") : errorText(t, error)}
    </Notice>
  );
}
