import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Route, Switch, useLocation } from "wouter";
import type { Me } from "@/api/types";
import { laterTexts } from "@/lib/i18n";
import { EmptyState } from "@/ui/EmptyState";
import { PageHeader } from "@/ui/PageHeader";
import { AppShell } from "./AppShell";

// What the first screen does not need is loaded when it is opened, its texts with it.
async function part<Page>(load: () => Promise<Page>): Promise<Page> {
  const [page] = await Promise.all([load(), laterTexts()]);
  return page;
}
/** Begins at once, beside the question who is signed in. */
const homePage = import("@/features/conversation/HomePage");
const HomePage = lazy(async () => ({ default: (await homePage).HomePage }));
const loadChatPage = () => part(() => import("@/features/conversation/ChatPage"));
const ChatPage = lazy(async () => ({ default: (await loadChatPage()).ChatPage }));
const SetupPage = lazy(async () => ({
  default: (await part(() => import("@/features/setup/SetupPage"))).SetupPage,
}));
const AgentEditor = lazy(async () => ({
  default: (await part(() => import("@/features/agents/AgentEditor"))).AgentEditor,
}));
const OrchestratorPage = lazy(async () => ({
  default: (await part(() => import("@/features/orchestrator/OrchestratorPage"))).OrchestratorPage,
}));
const UsagePage = lazy(async () => ({
  default: (await part(() => import("@/features/usage/UsagePage"))).UsagePage,
}));
const InboxPage = lazy(async () => ({
  default: (await part(() => import("@/features/inbox/InboxPage"))).InboxPage,
}));
const SettingsPage = lazy(async () => ({
  default: (await part(() => import("@/features/settings/SettingsPage"))).SettingsPage,
}));

export function Routes({ me, onSignedOut }: { me: Me; onSignedOut: () => void }) {
  // Whoever is signed in is about to open a chat: it had better be there by then.
  useEffect(() => void loadChatPage(), []);
  return (
    <Suspense fallback={null}>
      <Switch>
        <Route path="/setup">
          <SetupPage />
        </Route>
        <Route>
          <AppShell me={me} onSignedOut={onSignedOut}>
            <Suspense fallback={null}>
              <Pages me={me} />
            </Suspense>
          </AppShell>
        </Route>
      </Switch>
    </Suspense>
  );
}

function Pages({ me }: { me: Me }) {
  return (
    <Switch>
      <Route path="/">
        <HomePage me={me} />
      </Route>
      <Route path="/signin">{null}</Route>
      <Route path="/chat/:id">
        {({ id }) =>
          /^\d{1,16}$/.test(id) ? <ChatPage key={id} me={me} sessionId={Number(id)} /> : <NoSuchPage />
        }
      </Route>
      <Route path="/agents/new">
        <AgentEditor agentId={null} />
      </Route>
      <Route path="/agents/:id">{({ id }) => <AgentEditor agentId={id} />}</Route>
      <Route path="/orchestrator">
        <OrchestratorPage />
      </Route>
      <Route path="/usage">
        <UsagePage />
      </Route>
      <Route path="/inbox">
        <InboxPage />
      </Route>
      <Route path="/settings/:section?">{({ section }) => <SettingsPage me={me} section={section} />}</Route>
      <Route>
        <NoSuchPage />
      </Route>
    </Switch>
  );
}

function NoSuchPage() {
  const { t } = useTranslation();
  const [, go] = useLocation();
  return (
    <main id="main" className="flex h-full flex-col">
      <PageHeader>{null}</PageHeader>
      <EmptyState
        title={t("errors.notFound")}
        text=""
        action={{ label: t("chat.goHome"), run: () => go("/") }}
      />
    </main>
  );
}
