import type { History, Recalled } from "@/api/types";
import type { Conversation } from "@/live/conversation";
import type { EventOf } from "@/live/events";

/** What was put before the model for one answer, and in which attempt; missed: memory did not answer in time. */
export interface RecalledFor {
  attempt: number;
  items: readonly Recalled[];
  missed: boolean;
}

/** By the message that was to be written, a plan's tasks' too. */
export type RecalledByMessage = Readonly<Record<string, RecalledFor>>;

/** What the answers of a page had from memory; what events told of those that are still being written stays. */
export function recalledOf(history: History, before: RecalledByMessage): RecalledByMessage {
  const told = history.items.flatMap(
    ({ id, attempt, status, recalled, memory_missed }): [string, RecalledFor | undefined][] => {
      if (recalled?.length || memory_missed) {
        return [[id, { attempt, items: recalled, missed: memory_missed }]];
      }
      return [[id, status === "streaming" ? before[id] : undefined]];
    },
  );
  const all = { ...before, ...Object.fromEntries(told) };
  return Object.fromEntries(Object.entries(all).filter(([, known]) => known)) as RecalledByMessage;
}

export function memoryRecalled(conversation: Conversation, event: EventOf<"memory_recalled">): Conversation {
  const { message_id, attempt, items, missed } = event;
  if (!message_id) return conversation;
  const known = conversation.recalled[message_id];
  if (known && known.attempt > attempt) return conversation;
  return {
    ...conversation,
    recalled: { ...conversation.recalled, [message_id]: { attempt, items, missed } },
  };
}

/** The conversation after the user forgot some: that they were used is still to be seen, what they said is not. */
export function memoriesForgotten(conversation: Conversation, ids: readonly string[]): Conversation {
  const gone = new Set(ids);
  const isGone = ({ id, text }: Recalled) => gone.has(id) && text !== null;
  const touched = Object.entries(conversation.recalled).filter(([, { items }]) => items.some(isGone));
  if (touched.length === 0) return conversation;
  const after = touched.map(([id, known]): [string, RecalledFor] => [
    id,
    { ...known, items: known.items.map((item) => (isGone(item) ? { ...item, text: null } : item)) },
  ]);
  return { ...conversation, recalled: { ...conversation.recalled, ...Object.fromEntries(after) } };
}
