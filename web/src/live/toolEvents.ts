import type { PlanTaskStatus, ToolCall } from "@/api/types";
import { type Calls, isCallOver, type LiveCall, withCall, withEnded } from "@/live/calls";
import { type Conversation, type LiveApproval, withRun } from "@/live/conversation";
import type { EventOf } from "@/live/events";
import { withTask } from "@/live/plans";
import { workKey } from "@/live/works";

type ToolEvent = EventOf<"tool_request"> | EventOf<"tool_started"> | EventOf<"tool_finished">;

/** A call waits for its user, or for the page. The history knows the words and the schema that go with it. */
export function toolAsked(conversation: Conversation, event: EventOf<"tool_request">): Conversation {
  const { run_id, message_id } = event;
  if (!run_id || !message_id) return conversation;
  const approval: LiveApproval = conversation.approvals[event.approval_id] ?? {
    id: event.approval_id,
    session_id: conversation.session.id,
    session_title: conversation.session.title,
    run_id,
    type: "tool",
    status: "pending",
    reason: null,
    created_at: event.ts,
    resolved_at: null,
    expires_at: event.expires_at ?? null,
    tool: {
      tool_id: event.tool_id,
      label: "",
      kind: event.kind ?? "builtin",
      agent_id: event.agent_id,
      agent_name: "",
      arguments: event.arguments,
      arguments_schema: {},
      tool_call_id: event.tool_call_id ?? "",
      message_id,
      task_id: event.task_id ?? "",
      remembered: event.remembered ?? false,
      result: null,
    },
  };
  const asked = withCallOf(conversation, event, {
    status: "waiting",
    arguments: event.arguments,
    approval_id: approval.id,
  });
  return withRunWaiting(
    { ...asked, approvals: { ...asked.approvals, [approval.id]: approval } },
    run_id,
    event.task_id ?? "",
  );
}

export function toolStarted(conversation: Conversation, event: EventOf<"tool_started">): Conversation {
  return withCallOf(conversation, event, {
    status: "running",
    arguments: event.arguments ?? {},
    started_at: event.ts,
  });
}

export function toolFinished(conversation: Conversation, event: EventOf<"tool_finished">): Conversation {
  const known = callOf(conversation.calls, event.message_id, event.tool_call_id);
  // A refusal may be told in more exact words before.
  const told = known && event.status === "rejected" && isCallOver(known.status);
  return withCallOf(conversation, event, {
    status: told ? known.status : event.status,
    // The page's own tools take no time of the server's.
    duration_ms: event.duration_ms || null,
    known: false,
  });
}

/** Somebody answered a call, here or elsewhere. Its run goes on when its task is seated again, and not before. */
export function toolAnswered(
  conversation: Conversation,
  approval: LiveApproval,
  event: EventOf<"approval_resolved">,
): Conversation {
  const tool = approval.tool;
  if (!tool || approval.status !== "pending") return conversation;
  const approvals = {
    ...conversation.approvals,
    [approval.id]: { ...approval, status: event.status, resolved_at: event.ts },
  };
  const calls = withCall(conversation.calls, tool.message_id, tool.tool_call_id, {
    status: statusAfter(event.status, tool.kind),
    known: false,
    at: event.id,
  });
  const waits = Object.values(approvals).some(
    (other) =>
      other.run_id === approval.run_id && other.status === "pending" && other.tool?.task_id === tool.task_id,
  );
  const next = { ...conversation, approvals, calls };
  return waits ? next : withTaskStatus(next, approval.run_id ?? "", tool.task_id, "waiting", "ready");
}

const statusAfter = (
  status: EventOf<"approval_resolved">["status"],
  kind: "builtin" | "browser" | "mcp",
): ToolCall["status"] => (status !== "confirmed" ? status : kind === "browser" ? "ok" : "open");

/** The calls of a run that is over. */
export function callsEnded(conversation: Conversation, runId: string, at: number): Conversation {
  const calls = messagesOf(conversation, runId).reduce(
    (all, id) => withEnded(all, id, at),
    conversation.calls,
  );
  return calls === conversation.calls ? conversation : { ...conversation, calls };
}

/** Whether a run has calls whose results only the server knows. */
export const hasUnknownCalls = (conversation: Conversation, runId: string) =>
  messagesOf(conversation, runId).some((id) => conversation.calls[id]?.some((call) => !call.known));

/** Whether a run has calls that wait, but not for their user: for another agent. */
export const waitsForAgents = (conversation: Conversation, runId: string) =>
  messagesOf(conversation, runId).some((id) =>
    conversation.calls[id]?.some(
      (call) => !call.approval_id && (call.status === "waiting" || call.status === "running"),
    ),
  );

function messagesOf(conversation: Conversation, runId: string): string[] {
  const answers = Object.values(conversation.messages).filter((message) => message.run_id === runId);
  const works = Object.entries(conversation.works).filter(([key]) => key.startsWith(workKey(runId, "")));
  return [...answers.map((message) => message.id), ...works.map(([, work]) => work.messageId)];
}

function withCallOf(conversation: Conversation, event: ToolEvent, change: Partial<LiveCall>): Conversation {
  if (!event.message_id || !event.tool_call_id) return conversation;
  const calls = withCall(
    conversation.calls,
    event.message_id,
    event.tool_call_id,
    { ...change, task_id: event.task_id ?? null, at: event.id },
    {
      id: event.tool_call_id,
      tool_id: event.tool_id,
      agent_id: event.agent_id,
      status: "open",
      arguments: {},
      result: null,
      approval_id: null,
      started_at: null,
      duration_ms: null,
      cost: null,
      files: [],
      task_id: event.task_id ?? null,
      after: lengthOf(conversation, event.message_id),
      known: true,
      at: event.id,
    },
  );
  return { ...conversation, calls };
}

function callOf(calls: Calls, messageId: string | null | undefined, callId: string): LiveCall | undefined {
  return messageId ? calls[messageId]?.find((call) => call.id === callId) : undefined;
}

/** How much of an answer is written. */
function lengthOf(conversation: Conversation, messageId: string): number | null {
  const message = conversation.messages[messageId];
  if (message) return message.content.length;
  const work = Object.values(conversation.works).find((candidate) => candidate.messageId === messageId);
  return work?.whole ? work.text.length : null;
}

function withRunWaiting(conversation: Conversation, runId: string, taskId: string): Conversation {
  const next = withTaskStatus(conversation, runId, taskId, "running", "waiting");
  const tasks = (next.plans[runId] ?? []).flatMap((plan) => plan.tasks);
  const run = next.runs[runId];
  if (!run || tasks.some((task) => task.status === "running" || task.status === "ready")) return next;
  return withRun(next, { ...run, status: "waiting" });
}

function withTaskStatus(
  conversation: Conversation,
  runId: string,
  taskId: string,
  from: PlanTaskStatus,
  to: PlanTaskStatus,
): Conversation {
  const plans = withTask(conversation.plans, runId, taskId, (task) =>
    task.status === from ? { ...task, status: to } : task,
  );
  return { ...conversation, plans };
}
