import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearch } from "wouter";
import { useOptions } from "@/api/account";
import { laterTexts } from "@/lib/i18n";
import { Button } from "@/ui/Button";
import { Logo } from "@/ui/Logo";
import { Skeleton } from "@/ui/Skeleton";
import { CredentialsForm } from "./CredentialsForm";
import { LanguageSwitch } from "./LanguageSwitch";
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
    <div className="scroll-thin flex h-full flex-col overflow-y-auto">
      <header className="flex items-center justify-between px-5 py-4">
        <span className="flex items-center gap-2.5 font-semibold text-[1.05rem]">
          <Logo />
          Artel
        </span>
        <LanguageSwitch />
      </header>
      <main id="main" className="m-auto w-full max-w-sm px-5 py-8">
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
            <h1 className="font-semibold text-[1.7rem] tracking-tight">{t(`auth.${heading}Title`)}</h1>
            <p className="mt-1.5 mb-7 text-ink-soft">{t(`auth.${heading}Text`)}</p>
            {problem && (
              <Suspense fallback={null}>
                <ProviderProblem problem={problem} />
              </Suspense>
            )}
            {passwords && (
              <CredentialsForm
                key={mode}
                mode={mode}
                onDone={mode === "register" ? onRegistered : undefined}
              />
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
      </main>
    </div>
  );
}
