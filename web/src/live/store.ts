import type { Approval, History, Run, Sent, TaskDetail, UserFile } from "@/api/types";
import { withKept } from "@/live/calls";
import {
  type Conversation,
  fromHistory,
  liveRun,
  withOlderPage,
  withoutPlan,
  withRun,
} from "@/live/conversation";
import type { LiveEvent } from "@/live/events";
import { deliver, type Outgoing, oneByOne, type Pause, type Post } from "@/live/outbox";
import { withRunTasks } from "@/live/planEvents";
import { countOver, withPlan } from "@/live/plans";
import { fold } from "@/live/reducer";
import { withSent } from "@/live/sent";
import { hasUnknownCalls, waitsForAgents } from "@/live/toolEvents";
import { workKey, workWithDetail } from "@/live/works";

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
  loadTask(runId: string, taskId: string): Promise<TaskDetail>;
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
  /** Events were missed since the last load. */
  private gap = false;
  private readonly inTurn = oneByOne();

  constructor(
    readonly sessionId: number,
    private readonly services: StoreServices,
    kept: readonly Outgoing[] = [],
  ) {
    this.state = {
      ...START,
      outbox: kept.map((outgoing) => ({ ...outgoing, files: outgoing.files ?? [], status: "failed" })),
    };
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

  /** Events were missed: everything is loaded anew. */
  catchUp(): Promise<void> {
    this.gap = true;
    return this.refresh();
  }

  private async load(): Promise<void> {
    do {
      this.stale = false;
      try {
        const history = await this.services.load(null);
        // A message was taken meanwhile, which this page may lack: only the next one counts.
        if (this.stale && this.state.conversation) continue;
        this.adopt(fromHistory(history, this.state.conversation, this.gap));
      } catch (error) {
        if (!this.state.conversation) this.set({ phase: "failed", error });
        return;
      }
    } while (this.stale);
  }

  private adopt(fresh: Conversation): void {
    const conversation = this.early.reduce(fold, fresh);
    this.early = [];
    this.gap = false;
    this.set({ phase: "ready", error: null, conversation });
    this.hearBeginnings(conversation);
  }

  /** Asks for what running tasks had written before this page listened. */
  private hearBeginnings(conversation: Conversation): void {
    for (const plan of Object.values(conversation.plans).flat()) {
      for (const task of plan.tasks) {
        const known = conversation.works[workKey(plan.run_id, task.id)];
        if ((task.status !== "running" && task.status !== "waiting") || known?.whole) continue;
        this.services
          .loadTask(plan.run_id, task.id)
          .then((detail) => this.adoptTask(detail))
          // Without it only the new part is shown, until the task is over.
          .catch(() => undefined);
      }
    }
  }

  /** What a task has written, as the server answered it. */
  adoptTask(detail: TaskDetail): void {
    const { conversation } = this.state;
    if (!conversation) return;
    const key = workKey(detail.run_id, detail.task_id);
    const work = workWithDetail(conversation.works[key], detail);
    if (work) this.set({ conversation: { ...conversation, works: { ...conversation.works, [key]: work } } });
    this.adoptCalls(detail);
  }

  /** The tool calls of a task, as the server answered them. */
  adoptCalls({ message_id, task_id, tool_calls = [], last_event_id }: TaskDetail): void {
    const { conversation } = this.state;
    if (!conversation || !message_id) return;
    const calls = withKept(conversation.calls, message_id, tool_calls, last_event_id, task_id);
    if (calls !== conversation.calls) this.set({ conversation: { ...conversation, calls } });
  }

  /** Something became known that no event and no history tells. */
  change(alter: (conversation: Conversation) => Conversation): void {
    const { conversation } = this.state;
    if (conversation) this.set({ conversation: alter(conversation) });
  }

  /** An approval as the server answered it: its plan may have been edited on the way. */
  adoptApproval(approval: Approval): void {
    const { conversation } = this.state;
    if (!conversation) return;
    const plans = approval.plan ? withPlan(conversation.plans, approval.plan) : conversation.plans;
    const approvals = { ...conversation.approvals, [approval.id]: withoutPlan(approval) };
    this.set({ conversation: { ...conversation, plans, approvals } });
    // Its tasks may have begun before this answer arrived.
    void this.refresh();
  }

  /** A run as the server answered it when it or one of its tasks was stopped or begun again. */
  adoptRun(run: Run): void {
    if (!this.state.conversation || !run.tasks) return;
    this.change((before) => withRunTasks(withRun(before, liveRun(run, before.plans[run.id])), run));
    void this.refresh();
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
    if (this.isForeignRun(event) || this.tellsMore(event, conversation)) void this.refresh();
  }

  /** Whether the history knows more of what just happened than the event says. */
  private tellsMore(event: LiveEvent, conversation: Conversation): boolean {
    if (event.session_id !== this.sessionId || !event.run_id) return false;
    const plans = conversation.plans[event.run_id];
    switch (event.type) {
      case "task_plan_created":
      case "tool_request":
      case "approval_resolved":
        return true;
      case "task_started":
        // What another agent was asked has its answer in the row alone.
        return waitsForAgents(conversation, event.run_id);
      case "run_completed":
      case "run_failed":
      case "run_cancelled":
        return plans !== undefined || hasUnknownCalls(conversation, event.run_id);
      case "tasks_progress":
        // The end of a task that was stopped is told by this alone.
        return plans !== undefined && countOver(plans) < event.completed;
      default:
        return false;
    }
  }

  /** A run begun in another tab or through the API: its question is only in the history. */
  private isForeignRun(event: LiveEvent): boolean {
    if (event.session_id !== this.sessionId || !event.run_id) return false;
    if (!["direct_agent_call", "task_started", "message_started"].includes(event.type)) return false;
    if (this.state.outbox.some((outgoing) => outgoing.status === "sending")) return false;
    const messages = Object.values(this.state.conversation?.messages ?? {});
    return !messages.some((message) => message.role === "user" && message.run_id === event.run_id);
  }

  /** Shows the message at once and delivers it. Resolves when it was taken or has failed. */
  send(content: string, target: string | null, files: readonly UserFile[] = []): Promise<boolean> {
    const outgoing: Outgoing = {
      key: this.services.newKey(),
      content,
      target,
      files,
      status: "sending",
      error: null,
    };
    this.setOutbox([...this.state.outbox, outgoing]);
    return this.inTurn(() => this.dispatch(outgoing));
  }

  resend(key: string): Promise<boolean> {
    const outgoing = this.state.outbox.find((candidate) => candidate.key === key);
    if (!outgoing || outgoing.status === "sending") return Promise.resolve(false);
    const again: Outgoing = { ...outgoing, status: "sending", error: null };
    this.replaceOutgoing(again);
    return this.inTurn(() => this.dispatch(again));
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
