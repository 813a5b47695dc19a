import type { QueryClient } from "@tanstack/react-query";
import { type ChatPages, fetchHistory, patchChat, sendMessage } from "@/api/chats";
import { keys } from "@/api/keys";
import { fetchTask } from "@/api/plans";
import { ApiError } from "@/api/problem";
import type { Agent, Approval, Session } from "@/api/types";
import { randomId } from "@/lib/random";
import { readStored, writeStored } from "@/lib/storage";
import type { LiveEvent } from "@/live/events";
import { type Outgoing, pauseOrOnline } from "@/live/outbox";
import { PageTools } from "@/live/pageTools";
import { memoriesForgotten } from "@/live/recalled";
import { ConversationStore } from "@/live/store";
import type { Connection } from "@/live/stream";
import type { Tabs, TabsListener } from "@/live/tabs";

const PAGE = 50;
const KEPT_CHATS = 12;
/** What may change the list of what waits for the user. */
const INBOX_EVENTS: readonly LiveEvent["type"][] = [
  "plan_request",
  "tool_request",
  "approval_resolved",
  "run_cancelled",
  "run_failed",
];

/** Everything of one user's space that lives in this tab: its chats' stores, and the caches that events bring up to date. */
export class LiveSpace implements TabsListener {
  /** Approvals that are being answered from here, or were. */
  readonly answering = new Set<string>();
  readonly pageTools = new PageTools((approvalId) => this.tabs?.tellActing(approvalId));
  private readonly stores = new Map<number, ConversationStore>();
  private readonly listeners = new Set<() => void>();
  private tabs: Tabs | null = null;
  private connection: Connection = "connecting";
  private listsTimer: ReturnType<typeof setTimeout> | null = null;
  private memoryTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly userId: number,
    private readonly client: QueryClient,
    private readonly signedOut: () => void,
  ) {}

  /** Begins to listen. */
  join(tabs: Tabs): void {
    this.tabs = tabs;
    tabs.start();
  }

  leave(): void {
    this.tabs?.stop();
    this.tabs = null;
    if (this.listsTimer) clearTimeout(this.listsTimer);
    if (this.memoryTimer) clearTimeout(this.memoryTimer);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getConnection = (): Connection => this.connection;

  /** The store of a chat; the chats opened last are kept up to date, so that going back is instant. */
  chat(sessionId: number): ConversationStore {
    const known = this.stores.get(sessionId);
    if (known) return known;
    const store = this.newStore(sessionId);
    this.stores.set(sessionId, store);
    void store.refresh();
    this.forgetOldest(sessionId);
    return store;
  }

  forget(sessionId: number): void {
    this.stores.delete(sessionId);
    writeStored(this.outboxKey(sessionId), null, () => sessionStorage);
  }

  /** Something changed that no event tells of: other tabs load it again too. */
  changed(what: keyof typeof keys): void {
    void this.client.invalidateQueries({ queryKey: keys[what] });
    this.tabs?.tellStale(what);
  }

  /** An approval as the server answered it: wherever it waited, it waits no more. */
  answered(approval: Approval): void {
    this.forgetPending(approval.id);
    this.stores.get(approval.session_id)?.adoptApproval(approval);
    this.changed("approvals");
  }

  /** An approval is not as it was thought to be: its chat and the inbox are read anew. */
  lookAgain(sessionId: number): Promise<void> {
    this.changed("approvals");
    return this.stores.get(sessionId)?.refresh() ?? Promise.resolve();
  }

  /** The user has signed in again: what was refused for want of that goes out now. */
  resendRefused(): void {
    for (const store of this.stores.values()) {
      for (const { key, error } of store.getState().outbox) {
        if (error instanceof ApiError && error.status === 401) void store.resend(key);
      }
    }
  }

  /** Memories are forgotten, perhaps many when no ids are given: open chats show them no more. */
  forgot(ids: readonly string[]): void {
    this.client.removeQueries({ queryKey: keys.memory, type: "inactive" });
    for (const store of this.stores.values()) {
      if (ids.length > 0) store.change((conversation) => memoriesForgotten(conversation, ids));
      else void store.refresh();
    }
  }

  announceSignOut(): void {
    this.tabs?.tellSignedOut();
  }

  onEvent(event: LiveEvent): void {
    if (event.type === "agent_status") this.setAgentStatus(event.agent_id, event.status);
    if (event.type === "approval_resolved") this.forgetPending(event.approval_id);
    if (INBOX_EVENTS.includes(event.type)) void this.client.invalidateQueries({ queryKey: keys.approvals });
    if (event.type === "memory_changed") {
      if (event.reason === "forgotten") this.forgot(event.ids);
      this.refreshMemory();
    }
    if (event.session_id !== null) this.noteActivity(event, event.session_id);
    for (const store of this.stores.values()) store.receive(event);
  }

  onGap(): void {
    for (const store of this.stores.values()) void store.catchUp();
    void this.client.invalidateQueries({ queryKey: keys.approvals });
    void this.client.invalidateQueries({ queryKey: keys.memory });
    this.refreshLists();
  }

  onConnection(connection: Connection): void {
    this.connection = connection;
    for (const listener of this.listeners) listener();
  }

  onStale(what: string): void {
    if (what in keys) void this.client.invalidateQueries({ queryKey: keys[what as keyof typeof keys] });
  }

  onActing(approvalId: string): void {
    this.pageTools.leaveToOther(approvalId);
  }

  onSignedOut(): void {
    this.signedOut();
  }

  /** At once, without asking the server: what is open for it closes now. */
  private forgetPending(approvalId: string): void {
    this.client.setQueryData<Approval[]>(keys.approvals, (approvals) =>
      approvals?.filter((approval) => approval.id !== approvalId),
    );
  }

  private newStore(sessionId: number): ConversationStore {
    return new ConversationStore(
      sessionId,
      {
        load: async (cursor) => {
          const history = await fetchHistory(sessionId, cursor, PAGE);
          if (cursor === null) this.tabs?.position.startAt(Number(history.last_event_id ?? 0));
          this.noteTitle(history.session);
          return history;
        },
        loadTask: fetchTask,
        post: ({ content, target, files, key }) =>
          sendMessage(sessionId, { content, target, attachments: files.map(({ id }) => id) }, key),
        pause: pauseOrOnline,
        newKey: randomId,
        now: () => new Date(),
        keep: (outbox) =>
          writeStored(
            this.outboxKey(sessionId),
            outbox.length ? JSON.stringify(outbox) : null,
            () => sessionStorage,
          ),
      },
      this.keptOutbox(sessionId),
    );
  }

  private outboxKey(sessionId: number): string {
    return `artel.outbox.${this.userId}.${sessionId}`;
  }

  private keptOutbox(sessionId: number): Outgoing[] {
    try {
      return JSON.parse(readStored(this.outboxKey(sessionId), () => sessionStorage) ?? "[]") as Outgoing[];
    } catch {
      return [];
    }
  }

  private forgetOldest(current: number): void {
    for (const id of this.stores.keys()) {
      if (this.stores.size <= KEPT_CHATS) return;
      if (id !== current && this.stores.get(id)?.getState().outbox.length === 0) this.stores.delete(id);
    }
  }

  private setAgentStatus(agentId: string, status: Agent["status"]): void {
    this.client.setQueryData<Agent[]>(keys.agents, (agents) =>
      agents?.map((agent) => (agent.agent_id === agentId ? { ...agent, status } : agent)),
    );
    // The event says that there is an error, the list says which.
    if (status === "error") void this.client.invalidateQueries({ queryKey: keys.agents });
  }

  /** The list may have been read before the first message gave the chat its title. */
  private noteTitle({ id, title }: Session): void {
    const pages = this.client.getQueryData<ChatPages>(keys.chats);
    const known = pages?.pages.flatMap((page) => page.items).find((chat) => chat.id === id);
    if (known && known.title !== title) this.client.setQueryData(keys.chats, patchChat(pages, id, { title }));
  }

  private noteActivity(event: LiveEvent, sessionId: number): void {
    const began = ["direct_agent_call", "task_started", "message_started"].includes(event.type);
    const ended =
      event.type === "run_completed" || event.type === "run_cancelled" || event.type === "run_failed";
    if (!began && !ended) return;
    const known = this.client
      .getQueryData<ChatPages>(keys.chats)
      ?.pages.flatMap((page) => page.items)
      .find((chat) => chat.id === sessionId);
    if (known && began && !known.running) {
      this.client.setQueryData<ChatPages>(keys.chats, (pages) =>
        patchChat(pages, sessionId, { running: true }),
      );
    }
    if (ended || !known?.title) this.refreshLists();
    // What was said is about to be remembered.
    if (ended) this.refreshMemory();
  }

  /** What is remembered is read anew where it is shown, once for a burst of events. */
  private refreshMemory(): void {
    this.memoryTimer ??= setTimeout(() => {
      this.memoryTimer = null;
      void this.client.invalidateQueries({ queryKey: keys.memory });
    }, 250);
  }

  /** Loads the lists again, once for a burst of events. */
  private refreshLists(): void {
    if (this.listsTimer) return;
    this.listsTimer = setTimeout(() => {
      this.listsTimer = null;
      void this.client.invalidateQueries({ queryKey: keys.chats });
      void this.client.invalidateQueries({ queryKey: keys.agents });
    }, 250);
  }
}
