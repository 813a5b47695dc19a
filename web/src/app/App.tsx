import { Tooltip } from "@base-ui/react/tooltip";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useMe } from "@/api/account";
import { keys } from "@/api/keys";
import type { Me } from "@/api/types";
import { laterTexts, speak } from "@/lib/i18n";
import { patiently } from "@/lib/patiently";
import { LiveProvider } from "@/live/LiveProvider";
import { EmptyState } from "@/ui/EmptyState";
import { Spinner } from "@/ui/Spinner";
import { ToastProvider } from "@/ui/toasts";
import { Routes } from "./Routes";

const SignInPage = lazy(async () => ({
  default: (await patiently(() => import("@/features/auth/SignInPage"))).SignInPage,
}));
const LinkPage = lazy(async () => {
  const [page] = await patiently(() => Promise.all([import("@/features/auth/LinkPage"), laterTexts()]));
  return { default: page.LinkPage };
});
const SignInAgain = lazy(async () => ({
  default: (await patiently(() => import("@/features/auth/SignInAgain"))).SignInAgain,
}));

/** Where links lead that an administrator gives to somebody who cannot sign in yet. */
const LINKS = ["/invite", "/reset"];

/** Who is there decides what is shown: the door, or the user's space. */
export function App() {
  const { t } = useTranslation();
  const [path, go] = useLocation();
  const me = useMe();

  useEffect(() => {
    const door = path === "/signin" || LINKS.includes(path);
    if (me.data === null && !door) go("/signin", { replace: true });
    if (me.data && door) go("/", { replace: true });
  }, [me.data, path, go]);

  if (me.isPending) return <Starting />;
  if (me.isError) {
    return (
      <main className="flex h-full">
        <EmptyState
          title={t("auth.unreachableTitle")}
          text={t("auth.unreachableText")}
          action={{ label: t("common.retry"), run: () => void me.refetch() }}
        />
      </main>
    );
  }
  return (
    <Tooltip.Provider delay={500}>
      <ToastProvider>
        {me.data ? (
          <SignedIn key={me.data.id} me={me.data} />
        ) : (
          <Suspense fallback={<Starting />}>
            {LINKS.includes(path) ? (
              <LinkPage
                of={path}
                onRegistered={() => go("/setup", { replace: true })}
                onSignIn={() => go("/signin")}
              />
            ) : (
              <SignInPage onRegistered={() => go("/setup", { replace: true })} />
            )}
          </Suspense>
        )}
      </ToastProvider>
    </Tooltip.Provider>
  );
}

function SignedIn({ me }: { me: Me }) {
  const client = useQueryClient();
  const [expired, setExpired] = useState(false);
  /** Rises with each new sign-in, so that the event stream starts again. */
  const [signIns, setSignIns] = useState(0);
  const onExpired = useCallback(() => setExpired(true), []);

  useEffect(() => {
    void speak(me.locale);
  }, [me.locale]);

  const leave = () => {
    client.setQueryData(keys.me, null);
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== keys.me[0] });
  };

  return (
    <LiveProvider me={me} expired={onExpired} signIns={signIns}>
      <Routes me={me} onSignedOut={leave} />
      <Suspense fallback={null}>
        {expired && (
          <SignInAgain
            me={me}
            open
            onLeave={leave}
            onDone={() => {
              setExpired(false);
              setSignIns((count) => count + 1);
              void client.invalidateQueries();
            }}
          />
        )}
      </Suspense>
    </LiveProvider>
  );
}

function Starting() {
  const { t } = useTranslation();
  return (
    <div className="flex h-full items-center justify-center text-ink-faint" role="status">
      <Spinner className="size-6" />
      <span className="sr-only">{t("common.loading")}</span>
    </div>
  );
}
