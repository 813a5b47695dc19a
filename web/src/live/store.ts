import type { History, Message, Sent } from "@/api/types";
import { type Conversation, fromHistory, withMessage, withOlderPage, withRun } from "@/live/conversation";
import type { LiveEvent } from "@/live/events";
import { deliver, type Outgoing, type Pause, type Post } from "@/live/outbox";
import { fold, isOver } from "@/live/reducer";

export interface StoreState {
  phase: "loading" | "ready" | "failed";
  /** Why the history could not be loaded. */
  error: unknown;
  conversation: Conversation | null;
  outbox: readonly Outgoing[];
  loadingOlder: boolean;
}

export interface StoreServices {
  load(cursor: string | null): Promise<History>;
  post: Post;
  pause: Pause;
  newKey(): string;
  now(): Date;
  /** Keeps what was not delivered through a reload of the page. */
  keep(outbox: readonly Outgoing[]): void;
}

const START: StoreState = {
  phase: "loading",
  error: null,
  conversation: null,
  outbox: [],
  loadingOlder: false,
};

/** One chat in one tab: its history, its live events and what is still on its way to the server. */
export class ConversationStore {
  /** Runs that were begun here and whose answer nobody was told of yet. */
  readonly asked = new Set<string>();
  private state: StoreState;
  private readonly listeners = new Set<() => void>();
  /** Events that came before the history did. */
  private early: LiveEvent[] = [];
  private loading: Promise<void> | null = null;
  private stale = false;

  constructor(
    readonly sessionId: number,
    private readonly services: StoreServices,
    kept: readonly Outgoing[] = [],
  ) {
    this.state = { ...START, outbox: kept.map((outgoing) => ({ ...outgoing, status: "failed" })) };
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getState = (): StoreState => this.state;

  /** Loads the newest page; a call during a load makes that load happen once more. */
  refresh(): Promise<void> {
    if (this.loading) {
      this.stale = true;
      return this.loading;
    }
    this.loading = this.load().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  private async load(): Promise<void> {
    do {
      this.stale = false;
      try {
        const history = await this.services.load(null);
        // A message was taken meanwhile, which this page may lack: only the next one counts.
        if (this.stale && this.state.conversation) continue;
        this.adopt(fromHistory(history, this.state.conversation));
      } catch (error) {
        if (!this.state.conversation) this.set({ phase: "failed", error });
        return;
      }
    } while (this.stale);
  }

  private adopt(fresh: Conversation): void {
    const conversation = this.early.reduce(fold, fresh);
    this.early = [];
    this.set({ phase: "ready", error: null, conversation });
  }

  async loadOlder(): Promise<void> {
    const { conversation, loadingOlder } = this.state;
    if (!conversation?.olderCursor || loadingOlder) return;
    this.set({ loadingOlder: true });
    try {
      const page = await this.services.load(conversation.olderCursor);
      if (this.state.conversation) this.set({ conversation: withOlderPage(this.state.conversation, page) });
    } finally {
      this.set({ loadingOlder: false });
    }
  }

  /** Folds one live event in. */
  receive(event: LiveEvent): void {
    // Whatever arrives during a load may be newer than what it will bring.
    if (this.loading) this.early.push(event);
    const before = this.state.conversation;
    if (!before) return;
    const conversation = fold(before, event);
    if (conversation !== before) this.set({ conversation });
    if (this.isForeignRun(event)) void this.refresh();
  }

  /** A run begun in another tab or through the API: its question is only in the history. */
  private isForeignRun(event: LiveEvent): boolean {
    if (event.session_id !== this.sessionId || !event.run_id) return false;
    if (event.type !== "direct_agent_call" && event.type !== "message_started") return false;
    if (this.state.outbox.some((outgoing) => outgoing.status === "sending")) return false;
    const messages = Object.values(this.state.conversation?.messages ?? {});
    return !messages.some((message) => message.role === "user" && message.run_id === event.run_id);
  }

  /** Shows the message at once and delivers it. Resolves when it was taken or has failed. */
  send(content: string, target: string | null): Promise<boolean> {
    const outgoing: Outgoing = {
      key: this.services.newKey(),
      content,
      target,
      status: "sending",
      error: null,
    };
    this.setOutbox([...this.state.outbox, outgoing]);
    return this.dispatch(outgoing);
  }

  resend(key: string): Promise<boolean> {
    const outgoing = this.state.outbox.find((candidate) => candidate.key === key);
    if (!outgoing || outgoing.status === "sending") return Promise.resolve(false);
    const again: Outgoing = { ...outgoing, status: "sending", error: null };
    this.replaceOutgoing(again);
    return this.dispatch(again);
  }

  discard(key: string): void {
    this.setOutbox(this.state.outbox.filter((outgoing) => outgoing.key !== key));
  }

  private async dispatch(outgoing: Outgoing): Promise<boolean> {
    try {
      const sent = await deliver(outgoing, this.services.post, this.services.pause);
      this.confirm(outgoing, sent);
      return true;
    } catch (error) {
      this.replaceOutgoing({ ...outgoing, status: "failed", error });
      return false;
    }
  }

  private confirm(outgoing: Outgoing, sent: Sent): void {
    const outbox = this.state.outbox.filter((candidate) => candidate.key !== outgoing.key);
    const conversation = this.state.conversation;
    this.services.keep(outbox);
    this.asked.add(sent.run_id);
    if (!conversation) {
      this.set({ outbox });
      void this.refresh();
      return;
    }
    this.set({ outbox, conversation: withSent(conversation, outgoing, sent, this.services.now()) });
    // The first message gives the chat its title.
    if (this.loading || !conversation.session.title) void this.refresh();
  }

  private replaceOutgoing(changed: Outgoing): void {
    this.setOutbox(this.state.outbox.map((outgoing) => (outgoing.key === changed.key ? changed : outgoing)));
  }

  private setOutbox(outbox: readonly Outgoing[]): void {
    this.services.keep(outbox);
    this.set({ outbox });
  }

  private set(change: Partial<StoreState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }
}

/** The conversation with a taken question, and with room for its answer, unless events or history brought them. */
function withSent(conversation: Conversation, outgoing: Outgoing, sent: Sent, now: Date): Conversation {
  const common = {
    session_id: conversation.session.id,
    run_id: sent.run_id,
    error: null,
    usage: null,
    cost: null,
    created_at: now.toISOString(),
  };
  let next = conversation;
  if (!(sent.message_id in next.messages)) {
    const question: Message = {
      ...common,
      id: sent.message_id,
      role: "user",
      content: outgoing.content,
      agent_id: null,
      target_agent: outgoing.target,
      status: "complete",
      attempt: 0,
    };
    next = withMessage(next, question);
  }
  if (!(sent.answer_id in next.messages)) {
    const over = next.runs[sent.run_id] && isOver(next.runs[sent.run_id]?.status ?? "queued");
    const answer: Message = {
      ...common,
      id: sent.answer_id,
      role: "assistant",
      content: "",
      agent_id: next.runs[sent.run_id]?.agent_id ?? null,
      target_agent: null,
      status: over ? "complete" : "streaming",
      attempt: 0,
    };
    next = withMessage(next, answer);
  }
  const run = next.runs[sent.run_id];
  return withRun(next, {
    id: sent.run_id,
    mode: sent.mode,
    status: run?.status ?? "queued",
    agent_id: run?.agent_id ?? null,
    error: run?.error ?? null,
    cost: run?.cost ?? null,
    created_at: run?.created_at ?? common.created_at,
    finished_at: run?.finished_at ?? null,
  });
}
