import { BrainOff, PanelRight } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useAgents } from "@/api/agents";
import { cancelRun } from "@/api/chats";
import { ApiError } from "@/api/problem";
import type { Agent, Me } from "@/api/types";
import { cx } from "@/lib/cx";
import { useHotkeys } from "@/lib/hotkeys";
import { useChatState, useSpace } from "@/live/LiveProvider";
import { isOver } from "@/live/reducer";
import type { ConversationStore } from "@/live/store";
import { EmptyState } from "@/ui/EmptyState";
import { errorText } from "@/ui/failures";
import { IconButton } from "@/ui/IconButton";
import { PageHeader } from "@/ui/PageHeader";
import { Sheet } from "@/ui/Sheet";
import { useShell } from "@/ui/shell";
import { useToast } from "@/ui/toasts";
import { Announcer } from "./Announcer";
import { Composer, type ComposerHandle } from "./Composer";
import { DetailsPanel } from "./DetailsPanel";
import { useAttachments } from "./files/useAttachments";
import { SelectionContext, type TaskRef } from "./plan/selection";
import { TaskPanel } from "./plan/TaskPanel";
import { Timeline, type TimelineHandle } from "./Timeline";
import { TimelineSkeleton } from "./TimelineSkeleton";
import { useDraft } from "./useDraft";
import { useAskedLast, useTarget } from "./useTarget";

const NO_AGENTS: Agent[] = [];

/** A chat: its messages, the field for the next one, and the panel beside them. */
export function ChatPage({ me, sessionId }: { me: Me; sessionId: number }) {
  const store = useSpace().chat(sessionId);
  const phase = useChatState(store, (state) => state.phase);
  const error = useChatState(store, (state) => state.error);
  if (phase === "failed" && error instanceof ApiError && error.status === 404) return <NoSuchChat />;
  if (phase === "failed") return <LoadFailed store={store} />;
  return <Conversation me={me} store={store} />;
}

function Conversation({ me, store }: { me: Me; store: ConversationStore }) {
  const { t } = useTranslation();
  const shell = useShell();
  const toast = useToast();
  const { data: agents = NO_AGENTS } = useAgents();
  const loaded = useChatState(store, (state) => state.conversation !== null);
  const title = useChatState(store, (state) => state.conversation?.session.title);
  const forgetful = useChatState(store, (state) => state.conversation?.session.memory === false);
  const empty = useChatState(
    store,
    (state) => state.conversation?.order.length === 0 && state.outbox.length === 0,
  );
  const [draft, setDraft] = useDraft(me.id, String(store.sessionId));
  const files = useAttachments(me.id, String(store.sessionId));
  const [target, setTarget] = useTarget(me.id, useAskedLast(store, agents));
  const active = useActiveRun(store);
  const composer = useRef<ComposerHandle>(null);
  const timeline = useRef<TimelineHandle>(null);

  useHotkeys([{ key: "/", run: () => composer.current?.focus() }]);
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) composer.current?.focus();
  }, []);

  const stop = async () => {
    try {
      if (active) await cancelRun(active);
    } catch (error) {
      toast({ title: errorText(t, error) });
    }
  };

  const selection = useTaskSelection();
  const panel = selection.selected ? (
    <TaskPanel store={store} at={selection.selected} />
  ) : (
    <DetailsPanel store={store} agent={agents.find((agent) => agent.handle === target) ?? undefined} />
  );
  return (
    <SelectionContext value={selection}>
      <div className="flex h-full min-w-0">
        <main id="main" aria-label={t("app.main")} className="flex h-full min-w-0 flex-1 flex-col">
          <PageHeader
            actions={
              <IconButton
                icon={PanelRight}
                label={shell.detailsOpen ? t("app.closeDetails") : t("app.openDetails")}
                aria-expanded={shell.detailsOpen}
                onClick={() => shell.setDetailsOpen(!shell.detailsOpen)}
              />
            }
          >
            <h1 className="truncate font-semibold">{title || t("chats.untitled")}</h1>
            {forgetful && (
              <span
                title={t("memory.chatOffText")}
                className="flex shrink-0 items-center gap-1.5 rounded-full bg-sunken px-2.5 py-0.5 text-[0.8rem] text-ink-soft"
              >
                <BrainOff aria-hidden className="size-3.5" />
                <span className="max-sm:sr-only">{t("memory.chatOff")}</span>
              </span>
            )}
          </PageHeader>
          {!loaded && <TimelineSkeleton />}
          {loaded && empty && <EmptyState text={t("chat.empty")} />}
          {loaded && !empty && (
            <Timeline
              key={store.sessionId}
              store={store}
              handle={timeline}
              onEdit={({ content, files: unsent }) => {
                setDraft(content);
                files.putBack(unsent);
              }}
            />
          )}
          <Announcer store={store} agents={agents} />
          <div className="px-3 pb-3 md:px-6 md:pb-5">
            <Composer
              handle={composer}
              draft={draft}
              onDraft={setDraft}
              target={target}
              onTarget={setTarget}
              files={files}
              onStop={active ? stop : undefined}
              onSend={(content, handle, attached) => {
                setDraft("");
                void store.send(content, handle, attached);
                requestAnimationFrame(() => timeline.current?.toEnd());
              }}
            />
          </div>
        </main>
        {shell.wide && shell.detailsOpen && (
          <aside
            aria-label={t("app.details")}
            className={cx("shrink-0 border-line border-l bg-side", selection.selected ? "w-96" : "w-76")}
          >
            {panel}
          </aside>
        )}
        {!shell.wide && (
          <Sheet
            open={shell.detailsOpen}
            onClose={() => {
              shell.setDetailsOpen(false);
              selection.open(null);
            }}
            side="right"
            wide={selection.selected !== null}
            label={t("app.details")}
          >
            {panel}
          </Sheet>
        )}
      </div>
    </SelectionContext>
  );
}

/** Which task is open beside the conversation. Closing it gives the focus back to where it was opened. */
function useTaskSelection() {
  const { setDetailsOpen, wide } = useShell();
  const [selected, setSelected] = useState<TaskRef | null>(null);
  const origin = useRef<HTMLElement | null>(null);
  return useMemo(
    () => ({
      selected,
      open: (task: TaskRef | null) => {
        setSelected(task);
        if (!task) {
          if (!wide) setDetailsOpen(false);
          return origin.current?.focus();
        }
        if (!selected) origin.current = document.activeElement as HTMLElement | null;
        setDetailsOpen(true);
      },
    }),
    [selected, setDetailsOpen, wide],
  );
}

/** Id of the run that Stop would stop: the last one that is not over. */
function useActiveRun(store: ConversationStore): string | null {
  return useChatState(store, (state) => {
    const runs = Object.values(state.conversation?.runs ?? {});
    return runs.findLast((run) => !isOver(run.status))?.id ?? null;
  });
}

function NoSuchChat() {
  const { t } = useTranslation();
  const [, go] = useLocation();
  return (
    <main id="main" className="flex h-full flex-col">
      <PageHeader>{null}</PageHeader>
      <EmptyState
        title={t("chat.notFound")}
        text={t("chat.notFoundText")}
        action={{ label: t("chat.goHome"), run: () => go("/") }}
      />
    </main>
  );
}

function LoadFailed({ store }: { store: ConversationStore }) {
  const { t } = useTranslation();
  const error = useChatState(store, (state) => state.error);
  return (
    <main id="main" className="flex h-full flex-col">
      <PageHeader>{null}</PageHeader>
      <EmptyState
        title={t("chat.loadFailed")}
        text={errorText(t, error)}
        action={{ label: t("common.retry"), run: () => void store.refresh() }}
      />
    </main>
  );
}
