import type { Approval, History, Message, Plan, Run, Session } from "@/api/types";
import { amountOf } from "@/lib/format";
import { type Calls, withKept } from "@/live/calls";
import { type PlansByRun, plansByRun, spentOnTasks, withPlansOf } from "@/live/plans";
import { type RecalledByMessage, recalledOf } from "@/live/recalled";
import { type TaskWork, workKey } from "@/live/works";

/** What this page keeps of a run. */
export interface LiveRun
  extends Pick<Run, "id" | "mode" | "status" | "agent_id" | "error" | "cost" | "created_at" | "finished_at"> {
  /** The message that will be the answer; null as long as only events tell of the run. */
  answer_id: string | null;
  /** Which of the run's own tasks is at work: planning, planning the rest anew, or joining the results. */
  stage: Stage | null;
  /** What was spent beside the plans' finished tasks when that was last asked: planning, earlier attempts. */
  beside: number;
}

export type Stage = "plan" | "replan" | "synthesis";

/** An approval without its plan, which stands among the plans. */
export type LiveApproval = Omit<Approval, "plan">;

export const STAGES: readonly Stage[] = ["synthesis", "replan", "plan"];

/** What a tab knows of one chat: history, and every later event folded into it. Never changed in place. */
export interface Conversation {
  session: Session;
  /** Ids of messages in reading order. */
  order: readonly string[];
  messages: Readonly<Record<string, Message>>;
  runs: Readonly<Record<string, LiveRun>>;
  plans: PlansByRun;
  approvals: Readonly<Record<string, LiveApproval>>;
  calls: Calls;
  recalled: RecalledByMessage;
  /** What the tasks of plans write, by `workKey`: it is no part of the conversation. */
  works: Readonly<Record<string, TaskWork>>;
  /** Leads to older messages; null at the beginning of the chat. */
  olderCursor: string | null;
  /** Id of the last event that is already folded in. */
  appliedTo: number;
}

/**
 * A conversation as the newest page of history tells it, keeping older pages that still join on to it.
 *
 * `gap`: events were missed, so what tasks had written here may have holes.
 */
export function fromHistory(history: History, before: Conversation | null, gap = false): Conversation {
  const page = pageOf(history);
  const fresh: Conversation = {
    session: history.session,
    ...page,
    calls: callsOf(history, gap ? pick(before?.calls ?? {}, page.order) : (before?.calls ?? {})),
    recalled: recalledOf(history, gap ? pick(before?.recalled ?? {}, page.order) : (before?.recalled ?? {})),
    works: gap ? {} : (before?.works ?? {}),
    olderCursor: history.next_cursor,
    appliedTo: Number(history.last_event_id ?? 0),
  };
  const oldest = page.order[0];
  const joint = before && oldest ? before.order.indexOf(oldest) : -1;
  if (!before || joint <= 0) return fresh;
  const older = before.order.slice(0, joint);
  return {
    ...fresh,
    order: [...older, ...page.order],
    messages: { ...pick(before.messages, older), ...page.messages },
    runs: { ...before.runs, ...page.runs },
    plans: { ...before.plans, ...page.plans },
    approvals: { ...before.approvals, ...page.approvals },
    calls: { ...pick(before.calls, older), ...fresh.calls },
    recalled: { ...pick(before.recalled, older), ...fresh.recalled },
    olderCursor: before.olderCursor,
  };
}

/** The conversation with one more page of older messages above it. What is known already stays: it is newer. */
export function withOlderPage(conversation: Conversation, history: History): Conversation {
  const page = pageOf(history);
  const added = page.order.filter((id) => !(id in conversation.messages));
  return {
    ...conversation,
    order: [...added, ...conversation.order],
    messages: { ...page.messages, ...conversation.messages },
    runs: { ...page.runs, ...conversation.runs },
    plans: { ...page.plans, ...conversation.plans },
    approvals: { ...page.approvals, ...conversation.approvals },
    calls: { ...callsOf(history, {}), ...conversation.calls },
    recalled: { ...recalledOf(history, {}), ...conversation.recalled },
    olderCursor: history.next_cursor,
  };
}

/** Puts a message where its run stands: a question before its answer, anything else last. */
export function withMessage(conversation: Conversation, message: Message): Conversation {
  const messages = { ...conversation.messages, [message.id]: message };
  if (message.id in conversation.messages) return { ...conversation, messages };
  const sameRun = conversation.order.findIndex(
    (id) => message.run_id !== "" && conversation.messages[id]?.run_id === message.run_id,
  );
  const order = [...conversation.order];
  if (message.role === "user" && sameRun >= 0) order.splice(sameRun, 0, message.id);
  else order.push(message.id);
  return { ...conversation, messages, order };
}

export function withRun(conversation: Conversation, run: LiveRun): Conversation {
  return { ...conversation, runs: { ...conversation.runs, [run.id]: run } };
}

function pageOf(history: History) {
  const plans = plansByRun([
    ...history.approvals.flatMap((approval): Plan[] => (approval.plan ? [approval.plan] : [])),
    ...history.plans,
  ]);
  const asking = new Set(
    history.approvals.flatMap(({ status, run_id, tool }) =>
      tool && status === "pending" ? [workKey(run_id ?? "", tool.task_id)] : [],
    ),
  );
  return {
    order: history.items.map((message) => message.id),
    messages: Object.fromEntries(history.items.map((message) => [message.id, message])),
    runs: Object.fromEntries(
      history.runs.map((run) => [run.id, parked(liveRun(run, plans[run.id]), run, asking)]),
    ),
    plans: parkedTasks(plans, asking),
    approvals: Object.fromEntries(history.approvals.map((approval) => [approval.id, withoutPlan(approval)])),
  };
}

/** The calls of a page's answers, beside those that are known of others. */
function callsOf(history: History, before: Calls): Calls {
  const upTo = Number(history.last_event_id ?? 0);
  return history.items.reduce(
    (calls, { id, tool_calls }) => withKept(calls, id, tool_calls ?? [], upTo),
    before,
  );
}

/** A task that asks is about to wait: the server may not have written that down when it was asked. */
function parked(live: LiveRun, { status, tasks = [] }: Run, asking: ReadonlySet<string>): LiveRun {
  const busy = tasks.filter((task) => task.status === "running" || task.status === "ready");
  const waits = busy.length > 0 && busy.every((task) => asking.has(workKey(live.id, task.task_id)));
  return status === "running" && waits ? { ...live, status: "waiting" } : live;
}

function parkedTasks(plans: PlansByRun, asking: ReadonlySet<string>): PlansByRun {
  if (asking.size === 0) return plans;
  return Object.keys(plans).reduce(
    (all, runId) =>
      withPlansOf(all, runId, (plan) => ({
        ...plan,
        tasks: plan.tasks.map((task) =>
          task.status === "running" && asking.has(workKey(runId, task.id))
            ? { ...task, status: "waiting" }
            : task,
        ),
      })),
    plans,
  );
}

export function withoutPlan({ plan: _plan, ...approval }: Approval): LiveApproval {
  return approval;
}

export function liveRun(
  { message_id: _question, session_id: _session, tasks, ...run }: Run,
  plans: readonly Plan[] = [],
): LiveRun {
  const stage = STAGES.find((name) =>
    tasks?.some((task) => task.task_id === name && task.status === "running"),
  );
  return { ...run, stage: stage ?? null, beside: Math.max(0, amountOf(run.cost) - spentOnTasks(plans)) };
}

function pick<Value>(all: Readonly<Record<string, Value>>, ids: readonly string[]): Record<string, Value> {
  return Object.fromEntries(ids.flatMap((id) => (all[id] ? [[id, all[id]] as const] : [])));
}
