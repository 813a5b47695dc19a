import type { Failure, Message, TaskDetail } from "@/api/types";
import type { MessageCompleted, MessageDelta, MessageStarted } from "@/live/events";
import { isTaskOver } from "@/live/plans";

/** A part of a text, with the id of the event that brought it. */
interface Piece {
  at: number;
  text: string;
}

/** What one task of a plan has written. */
export interface TaskWork {
  messageId: string;
  attempt: number;
  /** What is known of it. */
  text: string;
  /** Whether `text` begins at the beginning: after a reload only what came since is heard. */
  whole: boolean;
  /** What was heard, piece by piece, as long as what stands before it is not known. */
  pieces: readonly Piece[];
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
    pieces: [],
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
      return grown(same ?? blank, { at: event.id, text: event.text });
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

function grown(work: TaskWork, piece: Piece): TaskWork {
  const pieces = work.whole ? work.pieces : [...work.pieces, piece];
  return { ...work, text: work.text + piece.text, pieces, at: piece.at };
}

/** The work with what the server has of it; of what was heard here, only what came after that is put to its end. */
export function workWithDetail(known: TaskWork | undefined, detail: TaskDetail): TaskWork | undefined {
  if (!detail.message_id || known?.whole || (known && known.attempt > detail.attempt)) return known;
  const streaming = !isTaskOver(detail.status);
  const heard = streaming && known?.attempt === detail.attempt ? known.pieces : [];
  const since = heard.filter((piece) => piece.at > detail.last_event_id);
  return {
    messageId: detail.message_id,
    attempt: detail.attempt,
    text: detail.content + since.map((piece) => piece.text).join(""),
    whole: true,
    pieces: [],
    status: streaming ? "streaming" : "complete",
    usage: detail.usage,
    cost: detail.cost,
    error: detail.error,
    at: Math.max(known?.at ?? 0, detail.last_event_id),
  };
}

/** About how many tokens a text has, while nobody has counted them. */
export const roughTokens = (text: string) => Math.ceil(text.length / 4);
