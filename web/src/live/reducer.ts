import type { Message, RunStatus } from "@/api/types";
import { type Conversation, type LiveRun, withMessage, withRun } from "@/live/conversation";
import type { LiveEvent, MessageCompleted, MessageDelta, MessageStarted } from "@/live/events";

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
      return started(conversation, event);
    case "message_delta":
      return grown(conversation, event);
    case "message_completed":
      return completed(conversation, event);
    case "direct_agent_call":
      return runMoved(conversation, event, event.status, { agent_id: event.agent_id });
    case "task_started":
      return runMoved(conversation, event, "running", {});
    case "run_completed":
      return runMoved(conversation, event, "completed", { cost: event.cost ?? null, finished_at: event.ts });
    case "run_cancelled":
      return runMoved(conversation, event, "cancelled", { finished_at: event.ts });
    case "run_failed":
      return runMoved(conversation, event, "failed", { error: event.error ?? null, finished_at: event.ts });
    default:
      return conversation;
  }
}

function started(conversation: Conversation, event: MessageStarted): Conversation {
  const known = conversation.messages[event.message_id];
  if (known && known.attempt > event.attempt) return conversation;
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

function runMoved(
  conversation: Conversation,
  event: LiveEvent,
  status: RunStatus,
  change: Partial<LiveRun>,
): Conversation {
  if (!event.run_id) return conversation;
  const run = conversation.runs[event.run_id] ?? blankRun(event, event.run_id);
  const next = withRun(conversation, { ...run, ...change, status });
  return isOver(status) ? withEndedAnswer(next, event.run_id, status) : next;
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
  };
}
