import { useTranslation } from "react-i18next";
import { useRevokeSignIn, useSignIns } from "@/api/account";
import type { SignIn } from "@/api/types";
import { deviceOf } from "@/lib/device";
import { relativeTime } from "@/lib/format";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";

export function SignInsSection() {
  const { t } = useTranslation();
  const signIns = useSignIns();
  return (
    <>
      <p className="mb-4 text-ink-soft">{t("settings.signInsText")}</p>
      {signIns.isPending && <Skeleton className="h-14" />}
      {signIns.error && <Notice tone="danger">{errorText(t, signIns.error)}</Notice>}
      {signIns.data && (
        <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
          {signIns.data.items.map((signIn) => (
            <SignInRow key={signIn.id} signIn={signIn} />
          ))}
        </ul>
      )}
    </>
  );
}

function SignInRow({ signIn }: { signIn: SignIn }) {
  const { t, i18n } = useTranslation();
  const revoke = useRevokeSignIn();
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="truncate">{deviceOf(signIn.user_agent) ?? t("settings.unknownDevice")}</p>
        <p className="text-[0.87rem] text-ink-soft">
          {t("settings.seen", { date: relativeTime(signIn.last_seen_at, i18n.language) })}
        </p>
      </div>
      {signIn.current ? (
        <span className="rounded-full bg-accent-soft px-2.5 py-0.5 text-[0.8rem] text-accent-text">
          {t("settings.thisDevice")}
        </span>
      ) : (
        <Button size="sm" busy={revoke.isPending} onClick={() => revoke.mutate(signIn.id)}>
          {t("settings.revoke")}
        </Button>
      )}
    </li>
  );
}
