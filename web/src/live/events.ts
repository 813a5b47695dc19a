import type { components } from "@/api/schema";

type Schemas = components["schemas"];

/** `id`: microseconds since 1970, strictly rising for a user. */
type Numbered<Event> = Event & { id: number };

export type MessageStarted = Numbered<Schemas["EventMessageStarted"]>;
export type MessageDelta = Numbered<Schemas["EventMessageDelta"]>;
export type MessageCompleted = Numbered<Schemas["EventMessageCompleted"]>;

export type LiveEvent =
  | MessageStarted
  | MessageDelta
  | MessageCompleted
  | Numbered<
      | Schemas["EventDirectAgentCall"]
      | Schemas["EventAgentStatus"]
      | Schemas["EventTaskStarted"]
      | Schemas["EventRunCompleted"]
      | Schemas["EventRunCancelled"]
      | Schemas["EventRunFailed"]
      | Schemas["EventResync"]
    >
  // Kinds that this page has no use for yet.
  | Numbered<
      | Schemas["EventTaskPlanCreated"]
      | Schemas["EventPlanRequest"]
      | Schemas["EventToolRequest"]
      | Schemas["EventApprovalResolved"]
      | Schemas["EventTasksProgress"]
      | Schemas["EventTaskCompleted"]
      | Schemas["EventTaskFailed"]
      | Schemas["EventTaskSkipped"]
      | Schemas["EventToolStarted"]
      | Schemas["EventToolFinished"]
      | Schemas["EventMemoryRecalled"]
    >;

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
