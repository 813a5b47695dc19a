import { Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Route, Switch, useLocation } from "wouter";
import type { Me } from "@/api/types";
import { EmptyState } from "@/ui/EmptyState";
import { PageHeader } from "@/ui/PageHeader";
import { AppShell } from "./AppShell";
import { part } from "./part";

// What the first screen does not need is loaded when it is opened.
const HomePage = part(async () => (await import("@/features/conversation/HomePage")).HomePage, false);
const ChatPage = part(async () => (await import("@/features/conversation/ChatPage")).ChatPage);
const SetupPage = part(async () => (await import("@/features/setup/SetupPage")).SetupPage);
const AgentEditor = part(async () => (await import("@/features/agents/AgentEditor")).AgentEditor);
const OrchestratorPage = part(
  async () => (await import("@/features/orchestrator/OrchestratorPage")).OrchestratorPage,
);
const UsagePage = part(async () => (await import("@/features/usage/UsagePage")).UsagePage);
const InboxPage = part(async () => (await import("@/features/inbox/InboxPage")).InboxPage);
const MemoryPage = part(async () => (await import("@/features/memory/MemoryPage")).MemoryPage);
const DecisionsPage = part(async () => (await import("@/features/audit/DecisionsPage")).DecisionsPage);
const AdminPage = part(async () => (await import("@/features/admin/AdminPage")).AdminPage);
const SettingsPage = part(async () => (await import("@/features/settings/SettingsPage")).SettingsPage);

// Beside the question who is signed in: it is there by the answer. A failure shows when the page is opened.
HomePage.load().catch(() => undefined);

export function Routes({ me, onSignedOut }: { me: Me; onSignedOut: () => void }) {
  // Whoever is signed in is about to open a chat: it had better be there by then.
  useEffect(() => void ChatPage.load().catch(() => undefined), []);
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
      <Route path="/memory/:section?">{({ section }) => <MemoryPage section={section} />}</Route>
      <Route path="/decisions">
        <DecisionsPage />
      </Route>
      {me.role === "admin" && (
        <Route path="/administration/:section?">
          {({ section }) => <AdminPage me={me} section={section} />}
        </Route>
      )}
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
