import type { Failure, Message, TaskDetail } from "@/api/types";
import type { MessageCompleted, MessageDelta, MessageStarted } from "@/live/events";

/** What one task of a plan has written. */
export interface TaskWork {
  messageId: string;
  attempt: number;
  /** What was heard. */
  text: string;
  /** Whether `text` begins at the beginning: after a reload only what came since is heard. */
  whole: boolean;
  /** What had been written before, as far as the server was asked for it. */
  head: string | null;
  status: Message["status"];
  usage: Message["usage"];
  cost: string | null;
  error: Failure | null;
  /** Id of the last event that is folded in. */
  at: number;
}

export type Works = Readonly<Record<string, TaskWork>>;

export const workKey = (runId: string, taskId: string) => `${runId}/${taskId}`;

/** The work after one event of its message; a newer attempt empties it, an older one is void. */
export function workAfter(
  known: TaskWork | undefined,
  event: MessageStarted | MessageDelta | MessageCompleted,
): TaskWork | undefined {
  if (known && (event.id <= known.at || known.attempt > event.attempt)) return known;
  const same = known?.attempt === event.attempt ? known : undefined;
  const blank: TaskWork = {
    messageId: event.message_id,
    attempt: event.attempt,
    text: "",
    head: null,
    // A newer attempt than the known one was empty when it began.
    whole: event.type === "message_started" || (known !== undefined && !same),
    status: "streaming",
    usage: null,
    cost: null,
    error: null,
    at: event.id,
  };
  switch (event.type) {
    case "message_started":
      return blank;
    case "message_delta":
      if (same && same.status !== "streaming") return same;
      return { ...(same ?? blank), text: (same?.text ?? "") + event.text, at: event.id };
    case "message_completed":
      return {
        ...blank,
        text: event.content,
        whole: true,
        status: event.status ?? "complete",
        usage: event.usage,
        cost: event.cost,
        error: event.error ?? null,
      };
  }
}

/** The work with what the server says was written before this page listened. */
export function workWithDetail(known: TaskWork | undefined, detail: TaskDetail): TaskWork | undefined {
  if (!detail.message_id || known?.whole || (known && known.attempt > detail.attempt)) return known;
  const heard = known?.attempt === detail.attempt ? known : undefined;
  return {
    messageId: detail.message_id,
    attempt: detail.attempt,
    text: heard?.text ?? "",
    head: detail.content,
    whole: false,
    status: detail.status === "running" ? "streaming" : "complete",
    usage: detail.usage,
    cost: detail.cost,
    error: detail.error,
    at: heard?.at ?? 0,
  };
}

/** All of a work's text that is known. */
export const textOf = (work: TaskWork) => (work.head === null ? work.text : joined(work.head, work.text));

/** `heard` put to the end of `head`, without what both have. The head may be ahead of what was heard. */
export function joined(head: string, heard: string): string {
  if (head.includes(heard)) return head;
  for (let size = Math.min(head.length, heard.length); size > 0; size--) {
    if (head.endsWith(heard.slice(0, size))) return head + heard.slice(size);
  }
  return head + heard;
}

/** About how many tokens a text has, while nobody has counted them. */
export const roughTokens = (text: string) => Math.ceil(text.length / 4);
