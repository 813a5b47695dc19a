import type { Message, RunStatus } from "@/api/types";
import { type Conversation, type LiveRun, STAGES, withMessage, withRun } from "@/live/conversation";
import type { EventOf, LiveEvent, MessageCompleted, MessageDelta, MessageStarted } from "@/live/events";
import {
  approvalResolved,
  planAsked,
  planCreated,
  plansEnded,
  taskEnded,
  taskSpoke,
  taskStarted,
} from "@/live/planEvents";
import { memoryRecalled } from "@/live/recalled";
import { callsEnded, toolAnswered, toolAsked, toolFinished, toolStarted } from "@/live/toolEvents";

/**
 * The conversation after one event. Events that were folded in before change nothing; an answer's parts count only
 * under their attempt: a newer attempt empties the text, an older one is void.
 */
export function fold(conversation: Conversation, event: LiveEvent): Conversation {
  if (event.session_id !== conversation.session.id || event.id <= conversation.appliedTo) return conversation;
  return { ...applied(conversation, event), appliedTo: event.id };
}

function applied(conversation: Conversation, event: LiveEvent): Conversation {
  switch (event.type) {
    case "message_started":
    case "message_delta":
    case "message_completed": {
      const taskId = taskOfMessage(conversation, event);
      return taskId === null ? spoken(conversation, event) : taskSpoke(conversation, event, taskId);
    }
    case "direct_agent_call":
      return moved(conversation, event, event.status, { agent_id: event.agent_id });
    case "task_started":
      return begun(conversation, event);
    case "task_completed":
    case "task_failed":
    case "task_skipped":
      return taskEnded(conversation, event);
    case "task_plan_created":
      return planCreated(moved(conversation, event, "running", { stage: null }), event);
    case "plan_request":
      return planAsked(moved(conversation, event, "waiting", { stage: null }), event);
    case "approval_resolved":
      return answered(conversation, event);
    case "tool_request":
      return toolAsked(conversation, event);
    case "tool_started":
      return toolStarted(conversation, event);
    case "tool_finished":
      return toolFinished(conversation, event);
    case "memory_recalled":
      return memoryRecalled(conversation, event);
    case "run_completed":
      return over(conversation, event, "completed", { cost: event.cost ?? null });
    case "run_cancelled":
      return over(conversation, event, "cancelled", {});
    case "run_failed":
      return over(conversation, event, "failed", { error: event.error ?? null });
    default:
      return conversation;
  }
}

/** The plan's task that a message belongs to; null for what belongs to the conversation, such as a run's answer. */
function taskOfMessage(
  conversation: Conversation,
  event: MessageStarted | MessageDelta | MessageCompleted,
): string | null {
  if (!event.task_id || event.message_id in conversation.messages) return null;
  const answerId = event.run_id ? conversation.runs[event.run_id]?.answer_id : null;
  if (event.message_id === answerId) return null;
  return answerId || !OWN_TASKS.includes(event.task_id) ? event.task_id : null;
}

/** Tasks of the run itself: what they write is its answer. */
const OWN_TASKS: readonly string[] = [...STAGES, "answer"];

function spoken(
  conversation: Conversation,
  event: MessageStarted | MessageDelta | MessageCompleted,
): Conversation {
  switch (event.type) {
    case "message_started":
      return started(conversation, event);
    case "message_delta":
      return grown(conversation, event);
    case "message_completed":
      return completed(conversation, event);
  }
}

function answered(conversation: Conversation, event: EventOf<"approval_resolved">): Conversation {
  const approval = conversation.approvals[event.approval_id];
  if (approval?.type === "tool") return toolAnswered(conversation, approval, event);
  return approvalResolved(
    event.status === "confirmed" && approval ? moved(conversation, event, "running", {}) : conversation,
    event,
  );
}

function begun(conversation: Conversation, event: EventOf<"task_started">): Conversation {
  const stage = STAGES.find((name) => name === event.task_id) ?? null;
  return taskStarted(moved(conversation, event, "running", { stage }), event);
}

function started(conversation: Conversation, event: MessageStarted): Conversation {
  const known = conversation.messages[event.message_id];
  if (known && known.attempt > event.attempt) return conversation;
  // Going on after a tool begins with the same words again: the old ones stay in sight until they come.
  if (known?.status === "streaming" && conversation.calls[known.id]) return conversation;
  const message: Message = {
    ...(known ?? blankAnswer(event)),
    agent_id: event.agent_id,
    content: "",
    status: "streaming",
    error: null,
    attempt: event.attempt,
  };
  return withMessage(conversation, message);
}

function grown(conversation: Conversation, event: MessageDelta): Conversation {
  const known = conversation.messages[event.message_id];
  if (known && known.attempt > event.attempt) return conversation;
  const sameAttempt = known?.attempt === event.attempt;
  if (sameAttempt && known.status !== "streaming") return conversation;
  const message: Message = {
    ...(known ?? blankAnswer(event)),
    content: (sameAttempt ? known.content : "") + event.text,
    status: "streaming",
    error: null,
    attempt: event.attempt,
  };
  return withMessage(conversation, message);
}

function completed(conversation: Conversation, event: MessageCompleted): Conversation {
  const known = conversation.messages[event.message_id];
  if (known && known.attempt > event.attempt) return conversation;
  const { content, usage, cost, status, error, attempt } = event;
  return withMessage(conversation, {
    ...(known ?? blankAnswer(event)),
    content,
    usage,
    cost,
    status: status ?? "complete",
    error: error ?? null,
    attempt,
    agent_id: event.agent_id,
  });
}

function moved(
  conversation: Conversation,
  event: LiveEvent,
  status: RunStatus,
  change: Partial<LiveRun>,
): Conversation {
  if (!event.run_id) return conversation;
  const run = conversation.runs[event.run_id] ?? blankRun(event, event.run_id);
  return withRun(conversation, { ...run, ...change, status });
}

function over(
  conversation: Conversation,
  event: LiveEvent,
  status: RunStatus,
  change: Partial<LiveRun>,
): Conversation {
  if (!event.run_id) return conversation;
  const next = moved(conversation, event, status, { ...change, stage: null, finished_at: event.ts });
  const ended = callsEnded(plansEnded(next, event.run_id, status, event.ts), event.run_id, event.id);
  return withEndedAnswer(ended, event.run_id, status);
}

/** An answer cannot go on streaming in a run that is over, even if its own last event was lost. */
function withEndedAnswer(conversation: Conversation, runId: string, status: RunStatus): Conversation {
  const answer = Object.values(conversation.messages).find(
    (message) => message.run_id === runId && message.status === "streaming",
  );
  if (!answer) return conversation;
  const error = conversation.runs[runId]?.error ?? null;
  const ended = status === "completed" ? "complete" : status === "cancelled" ? "cancelled" : "failed";
  return withMessage(conversation, { ...answer, status: ended, error });
}

export function isOver(status: RunStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

function blankAnswer(event: MessageStarted | MessageDelta | MessageCompleted): Message {
  return {
    id: event.message_id,
    session_id: event.session_id ?? 0,
    run_id: event.run_id ?? "",
    role: "assistant",
    content: "",
    agent_id: event.agent_id,
    target_agent: null,
    status: "streaming",
    error: null,
    usage: null,
    cost: null,
    attempt: event.attempt,
    created_at: event.ts,
    tool_calls: [],
    recalled: [],
    memory_missed: false,
    attachments: [],
  };
}

function blankRun(event: LiveEvent, id: string): LiveRun {
  return {
    id,
    mode: "direct",
    status: "queued",
    agent_id: null,
    error: null,
    cost: null,
    created_at: event.ts,
    finished_at: null,
    answer_id: null,
    stage: null,
    beside: 0,
  };
}
