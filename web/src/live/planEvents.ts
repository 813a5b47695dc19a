import type { components } from "@/api/schema";
import type { Failure, Plan, PlanTask, PlanTaskStatus, Run, RunStatus } from "@/api/types";
import type { Conversation, LiveApproval } from "@/live/conversation";
import type { EventOf, MessageCompleted, MessageDelta, MessageStarted } from "@/live/events";
import { isPlanOpen, isTaskOver, taskOf, withPlan, withPlansOf, withTask } from "@/live/plans";
import { workAfter, workKey } from "@/live/works";

type PlanEvent = EventOf<"task_plan_created"> | EventOf<"plan_request">;

/** A plan that was made, or made anew for the rest: then what is left of the one before it is given up. */
export function planCreated(conversation: Conversation, event: EventOf<"task_plan_created">): Conversation {
  if (!event.run_id || findPlan(conversation, event.plan_id)) return conversation;
  const given = withPlansOf(conversation.plans, event.run_id, (plan) =>
    isPlanOpen(plan) ? { ...plan, status: "failed" } : plan,
  );
  return { ...conversation, plans: withPlan(given, planFrom(event, event.run_id, event.revision)) };
}

/** A plan waits for its user. */
export function planAsked(conversation: Conversation, event: EventOf<"plan_request">): Conversation {
  if (!event.run_id) return conversation;
  const known = findPlan(conversation, event.plan_id) ?? planFrom(event, event.run_id, 1);
  const tasks = known.tasks.map((task): PlanTask => ({ ...task, status: "proposed" }));
  const approval: LiveApproval = {
    id: event.approval_id,
    session_id: conversation.session.id,
    session_title: conversation.session.title,
    run_id: event.run_id,
    type: "plan",
    status: "pending",
    reason: null,
    created_at: event.ts,
    resolved_at: null,
    expires_at: null,
    tool: null,
  };
  return {
    ...conversation,
    plans: withPlan(conversation.plans, { ...known, tasks, status: "proposed", approval_id: approval.id }),
    approvals: { ...conversation.approvals, [approval.id]: approval },
  };
}

/** Somebody answered, here or elsewhere: the first answer stands. */
export function approvalResolved(
  conversation: Conversation,
  event: EventOf<"approval_resolved">,
): Conversation {
  const known = conversation.approvals[event.approval_id];
  if (known && known.status !== "pending") return conversation;
  const approvals = known
    ? {
        ...conversation.approvals,
        [known.id]: { ...known, status: event.status, resolved_at: event.ts },
      }
    : conversation.approvals;
  const plan = Object.values(conversation.plans)
    .flat()
    .find((candidate) => candidate.approval_id === event.approval_id);
  if (!plan) return { ...conversation, approvals };
  const confirmed = event.status === "confirmed";
  const next: Plan = {
    ...plan,
    status: confirmed ? "running" : event.status === "rejected" ? "rejected" : "cancelled",
    tasks: plan.tasks.map((task) => ({ ...task, status: confirmed ? "pending" : task.status })),
  };
  return { ...conversation, approvals, plans: withPlan(conversation.plans, next) };
}

export function taskStarted(conversation: Conversation, event: EventOf<"task_started">): Conversation {
  return withTaskOf(conversation, event, (task) =>
    task.attempt > event.attempt
      ? task
      : {
          ...task,
          status: "running",
          attempt: event.attempt,
          error: null,
          actual: null,
          started_at: event.ts,
          finished_at: null,
        },
  );
}

export function taskEnded(
  conversation: Conversation,
  event: EventOf<"task_completed"> | EventOf<"task_failed"> | EventOf<"task_skipped">,
): Conversation {
  const error = event.type === "task_failed" ? event.error : null;
  // A task that its user stopped did not fail.
  if (error?.code === "cancelled") {
    return withTaskOf(conversation, event, (task) => ended(task, "cancelled", event.ts, null));
  }
  const status = ENDS[event.type];
  return withTaskOf(conversation, event, (task) => ended(task, status, event.ts, error));
}

const ENDS = { task_completed: "done", task_failed: "failed", task_skipped: "skipped" } as const;

/** A message event that belongs to a plan's task and not to the conversation. */
export function taskSpoke(
  conversation: Conversation,
  event: MessageStarted | MessageDelta | MessageCompleted,
  taskId: string,
): Conversation {
  if (!event.run_id) return conversation;
  const key = workKey(event.run_id, taskId);
  const known = conversation.works[key];
  // As for an answer: it goes on with the same words after a tool.
  if (
    event.type === "message_started" &&
    known?.status === "streaming" &&
    conversation.calls[event.message_id]
  ) {
    return conversation;
  }
  const work = workAfter(known, event);
  const next =
    !work || work === known
      ? conversation
      : { ...conversation, works: { ...conversation.works, [key]: work } };
  // A plan loaded anew may be older than the text that was kept: the end is told to it in any case.
  if (event.type !== "message_completed") return next;
  return withTaskOf(next, { ...event, task_id: taskId }, (task) => spent(task, event));
}

/** What an answer came to. A stopped task says so only by its last message. */
function spent(task: PlanTask, event: MessageCompleted): PlanTask {
  if (task.attempt > event.attempt) return task;
  const told: PlanTask = {
    ...task,
    message_id: event.message_id,
    actual: {
      cost: event.cost,
      seconds: secondsFrom(task.started_at, event.ts),
      input_tokens: event.usage?.input_tokens ?? 0,
      output_tokens: event.usage?.output_tokens ?? 0,
    },
  };
  return event.status === "cancelled" ? ended(told, "cancelled", event.ts, null) : told;
}

/** A run that is over leaves nothing of its plans open. */
export function plansEnded(
  conversation: Conversation,
  runId: string,
  status: RunStatus,
  at: string,
): Conversation {
  const outcome = status === "completed" || status === "failed" ? status : "cancelled";
  const plans = withPlansOf(conversation.plans, runId, (plan) => {
    if (!isPlanOpen(plan)) return plan;
    const tasks = plan.tasks.map((task) =>
      plan.status === "proposed" || isTaskOver(task.status)
        ? task
        : ended(task, outcome === "failed" ? "skipped" : "cancelled", at, null),
    );
    return { ...plan, tasks, status: outcome };
  });
  const left = Object.values(conversation.approvals).filter(
    (approval) => approval.run_id === runId && approval.status === "pending",
  );
  if (plans === conversation.plans && left.length === 0) return conversation;
  const approvals = { ...conversation.approvals };
  for (const approval of left) approvals[approval.id] = { ...approval, status: "cancelled", resolved_at: at };
  return { ...conversation, plans, approvals };
}

/** The plans as a run's own list of tasks has them: the answer to stopping or repeating one. */
export function withRunTasks(conversation: Conversation, run: Run): Conversation {
  const plans = run.tasks.reduce(
    (all, row) =>
      withTask(all, run.id, row.task_id, (task) => ({
        ...task,
        status: row.status,
        attempt: row.attempt,
        error: row.error,
        started_at: row.started_at,
        finished_at: row.finished_at,
      })),
    conversation.plans,
  );
  return { ...conversation, plans };
}

function withTaskOf(
  conversation: Conversation,
  event: { run_id: string | null; task_id: string },
  change: (task: PlanTask) => PlanTask,
): Conversation {
  if (!event.run_id || !taskOf(conversation.plans, event.run_id, event.task_id)) return conversation;
  return { ...conversation, plans: withTask(conversation.plans, event.run_id, event.task_id, change) };
}

function ended(task: PlanTask, status: PlanTaskStatus, at: string, error: Failure | null): PlanTask {
  const seconds = secondsFrom(task.started_at, at);
  return {
    ...task,
    status,
    error,
    finished_at: at,
    actual: task.actual && { ...task.actual, seconds: seconds ?? task.actual.seconds },
  };
}

const secondsFrom = (start: string | null, end: string): number | null =>
  start ? Math.max(0, (Date.parse(end) - Date.parse(start)) / 1000) : null;

function findPlan(conversation: Conversation, id: string): Plan | undefined {
  return Object.values(conversation.plans)
    .flat()
    .find((plan) => plan.id === id);
}

/** The plan as far as an event tells of it; the history knows the rest. */
function planFrom(event: PlanEvent, runId: string, revision: number): Plan {
  return {
    id: event.plan_id,
    run_id: runId,
    session_id: event.session_id ?? 0,
    revision,
    status: "running",
    approval_id: null,
    tasks: event.graph.nodes.map((node) => taskFrom(node, event.graph.edges)),
    estimate: estimateFrom(event.estimated_cost, event.estimated_seconds),
    actual: null,
    max_parallel: 0,
    created_at: event.ts,
  };
}

type Schemas = components["schemas"];

function taskFrom(node: Schemas["EventPlanNode"], edges: Schemas["EventPlanEdge"][]): PlanTask {
  return {
    id: node.task_id,
    agent: node.agent_id.replace(/^user\d+_/, ""),
    agent_id: node.agent_id,
    instruction: node.instruction,
    depends_on: edges.filter((edge) => edge.target === node.task_id).map((edge) => edge.source),
    status: "pending",
    estimate: estimateFrom(node.estimated_cost, node.estimated_seconds),
    actual: null,
    error: null,
    attempt: 0,
    message_id: null,
    started_at: null,
    finished_at: null,
  };
}

const estimateFrom = (cost: string | null, seconds: number | null): Schemas["Estimate"] => ({
  cost,
  cost_low: null,
  cost_high: null,
  seconds: seconds ?? 0,
  seconds_low: null,
  seconds_high: null,
  basis: "prior",
});
