import type { History, Message, Run, Session } from "@/api/types";

/** What this page keeps of a run. */
export type LiveRun = Pick<
  Run,
  "id" | "mode" | "status" | "agent_id" | "error" | "cost" | "created_at" | "finished_at"
>;

/** What a tab knows of one chat: history, and every later event folded into it. Never changed in place. */
export interface Conversation {
  session: Session;
  /** Ids of messages in reading order. */
  order: readonly string[];
  messages: Readonly<Record<string, Message>>;
  runs: Readonly<Record<string, LiveRun>>;
  /** Leads to older messages; null at the beginning of the chat. */
  olderCursor: string | null;
  /** Id of the last event that is already folded in. */
  appliedTo: number;
}

/** A conversation as the newest page of history tells it, keeping older pages that still join on to it. */
export function fromHistory(history: History, before: Conversation | null): Conversation {
  const page = pageOf(history);
  const fresh: Conversation = {
    session: history.session,
    ...page,
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
  return {
    order: history.items.map((message) => message.id),
    messages: Object.fromEntries(history.items.map((message) => [message.id, message])),
    runs: Object.fromEntries(history.runs.map((run) => [run.id, run])),
  };
}

function pick(messages: Conversation["messages"], ids: readonly string[]): Record<string, Message> {
  return Object.fromEntries(ids.flatMap((id) => (messages[id] ? [[id, messages[id]] as const] : [])));
}
