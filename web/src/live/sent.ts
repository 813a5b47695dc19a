import type { Message, Sent } from "@/api/types";
import { type Conversation, withMessage, withRun } from "@/live/conversation";
import type { Outgoing } from "@/live/outbox";
import { isOver } from "@/live/reducer";

/** The conversation with a taken question, and with room for its answer, unless events or history brought them. */
export function withSent(
  conversation: Conversation,
  outgoing: Outgoing,
  sent: Sent,
  now: Date,
): Conversation {
  const common = {
    session_id: conversation.session.id,
    run_id: sent.run_id,
    error: null,
    usage: null,
    cost: null,
    created_at: now.toISOString(),
    tool_calls: [],
    recalled: [],
    memory_missed: false,
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
      attachments: [...outgoing.files],
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
      attachments: [],
      // Until an event says more, whoever was asked by name is who answers.
      agent_id: next.runs[sent.run_id]?.agent_id ?? (sent.mode === "direct" ? outgoing.target : null),
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
    answer_id: sent.answer_id,
    stage: run?.stage ?? null,
    beside: run?.beside ?? 0,
    agent_id: run?.agent_id ?? null,
    error: run?.error ?? null,
    cost: run?.cost ?? null,
    created_at: run?.created_at ?? common.created_at,
    finished_at: run?.finished_at ?? null,
  });
}
