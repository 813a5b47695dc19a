import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearch } from "wouter";
import { useOptions } from "@/api/account";
import { laterTexts } from "@/lib/i18n";
import { Button } from "@/ui/Button";
import { Skeleton } from "@/ui/Skeleton";
import { CredentialsForm } from "./CredentialsForm";
import { Door, DoorHeading } from "./Door";
import { ProviderProblem, ProviderWay } from "./provider";

const Goodbye = lazy(async () => {
  const [page] = await Promise.all([import("./Goodbye"), laterTexts()]);
  return { default: page.Goodbye };
});

/** The door: sign in, or make an account where the server allows it. */
export function SignInPage({ onRegistered }: { onRegistered: () => void }) {
  const { t } = useTranslation();
  const { data: options, isPending } = useOptions();
  const [chosen, setChosen] = useState<"sign-in" | "register" | null>(null);
  const search = new URLSearchParams(useSearch());
  const problem = search.get("problem");
  const passwords = options?.password ?? true;
  const [leaving, setLeaving] = useState(search.has("goodbye"));
  const first = options?.needs_first_account ?? false;
  const mode = chosen ?? (first && passwords ? "register" : "sign-in");
  const heading = first && !chosen ? "first" : mode === "sign-in" ? "signIn" : "register";

  return (
    <Door>
      {leaving ? (
        <Suspense fallback={<Skeleton className="h-40" />}>
          <Goodbye onDone={() => setLeaving(false)} />
        </Suspense>
      ) : isPending ? (
        <div className="flex flex-col gap-4">
          <Skeleton className="h-8 w-2/3" />
          <Skeleton className="h-10" />
          <Skeleton className="h-10" />
        </div>
      ) : (
        <>
          <DoorHeading title={t(`auth.${heading}Title`)} text={t(`auth.${heading}Text`)} />
          {problem && (
            <Suspense fallback={null}>
              <ProviderProblem problem={problem} />
            </Suspense>
          )}
          {passwords && (
            <CredentialsForm key={mode} mode={mode} onDone={mode === "register" ? onRegistered : undefined} />
          )}
          {options?.oidc && (
            <Suspense fallback={<Skeleton className={passwords ? "mt-16 h-11" : "h-11"} />}>
              <ProviderWay name={options.oidc.name} way={search.get("next") ?? "/"} beside={passwords} />
            </Suspense>
          )}
          {!first && options?.can_register && (
            <Button
              look="ghost"
              className="mt-4 w-full"
              onClick={() => setChosen(mode === "register" ? "sign-in" : "register")}
            >
              {t(mode === "register" ? "auth.haveAccount" : "auth.needAccount")}
            </Button>
          )}
          {!first && options?.password && !options.can_register && (
            <p className="mt-5 text-center text-[0.87rem] text-ink-faint">{t("auth.closed")}</p>
          )}
          {first && (
            <ul className="mt-9 flex flex-col gap-2.5 border-line border-t pt-6 text-[0.9rem] text-ink-soft">
              <li>{t("auth.pitch1")}</li>
              <li>{t("auth.pitch2")}</li>
              <li>{t("auth.pitch3")}</li>
            </ul>
          )}
        </>
      )}
    </Door>
  );
}
