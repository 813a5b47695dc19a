import type { components } from "@/api/schema";

type Schemas = components["schemas"];

/** `id`: microseconds since 1970, strictly rising for a user. */
type Numbered<Event> = Event extends unknown ? Event & { id: number } : never;

export type MessageStarted = Numbered<Schemas["EventMessageStarted"]>;
export type MessageDelta = Numbered<Schemas["EventMessageDelta"]>;
export type MessageCompleted = Numbered<Schemas["EventMessageCompleted"]>;

export type LiveEvent = Numbered<Schemas["Event"]>;

/** The event of one type. */
export type EventOf<Type extends LiveEvent["type"]> = Extract<LiveEvent, { type: Type }>;

/** The event in one SSE message, or null when it is none. */
export function parseEvent(data: string, lastEventId: string): LiveEvent | null {
  const id = Number(lastEventId);
  if (!Number.isSafeInteger(id) || lastEventId === "") return null;
  try {
    const body: unknown = JSON.parse(data);
    if (typeof body !== "object" || body === null || !("type" in body)) return null;
    return { session_id: null, run_id: null, ...body, id } as LiveEvent;
  } catch {
    return null;
  }
}
