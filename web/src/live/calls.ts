import type { ToolCall } from "@/api/types";

/** A tool call as this page follows it. */
export interface LiveCall extends ToolCall {
  /** Name of its task within the run, as far as an event told it. */
  task_id: string | null;
  /** How many characters of the answer stood before it; null when this page was not there to see. */
  after: number | null;
  /** Arguments and result are as the server keeps them: events do not tell of results. */
  known: boolean;
  /** Id of the last event that is folded in. */
  at: number;
}

/** The calls of each answer, by its message, in the order in which they were made. */
export type Calls = Readonly<Record<string, readonly LiveCall[]>>;

export const NO_CALLS: readonly LiveCall[] = [];

const OVER: readonly ToolCall["status"][] = ["ok", "failed", "rejected", "denied", "expired", "cancelled"];

export const isCallOver = (status: ToolCall["status"]) => OVER.includes(status);

/** The calls with those of one answer as the server keeps them; what it told is right up to the event `upTo`. */
export function withKept(
  calls: Calls,
  messageId: string,
  kept: readonly ToolCall[],
  upTo: number,
  taskId: string | null = null,
): Calls {
  const before = calls[messageId] ?? NO_CALLS;
  if (kept.length === 0 && before.length === 0) return calls;
  const told = kept.map((call): LiveCall => {
    const known = before.find((other) => other.id === call.id);
    const newer = known !== undefined && known.at > upTo;
    if (newer && !(isCallOver(known.status) && isCallOver(call.status))) return known;
    return {
      ...call,
      task_id: known?.task_id ?? taskId,
      after: known?.after ?? null,
      known: true,
      at: Math.max(upTo, known?.at ?? 0),
    };
  });
  const since = before.filter((call) => call.at > upTo && !kept.some((other) => other.id === call.id));
  return { ...calls, [messageId]: [...told, ...since] };
}

/** The calls with one of them changed; one that is not there is put last, if there is a `blank` for it. */
export function withCall(
  calls: Calls,
  messageId: string,
  callId: string,
  change: Partial<LiveCall>,
  blank?: LiveCall,
): Calls {
  const before = calls[messageId] ?? NO_CALLS;
  const known = before.some((call) => call.id === callId);
  if (!known && !blank) return calls;
  const after = known
    ? before.map((call) => (call.id === callId ? { ...call, ...change } : call))
    : [...before, { ...(blank as LiveCall), ...change }];
  return { ...calls, [messageId]: after };
}

/** What was going on when its run ended did not come to anything. */
export function withEnded(calls: Calls, messageId: string, at: number): Calls {
  const before = calls[messageId];
  if (!before?.some((call) => !isCallOver(call.status))) return calls;
  const after = before.map(
    (call): LiveCall => (isCallOver(call.status) ? call : { ...call, status: "cancelled", known: false, at }),
  );
  return { ...calls, [messageId]: after };
}
