import type { AgentStatus, Failure, Usage } from "@/api/types";

interface Envelope {
  /** Microseconds since 1970, strictly rising for a user. */
  id: number;
  session_id: number | null;
  run_id: string | null;
  ts: string;
}

interface AnswerPart extends Envelope {
  message_id: string;
  agent_id: string;
  /** Rises when the answer is written anew; what belongs to a smaller one is void. */
  attempt: number;
}

export interface MessageStarted extends AnswerPart {
  type: "message_started";
}
export interface MessageDelta extends AnswerPart {
  type: "message_delta";
  text: string;
}
export interface MessageCompleted extends AnswerPart {
  type: "message_completed";
  content: string;
  usage: Usage | null;
  cost: string | null;
  status: "complete" | "failed" | "cancelled";
  error: Failure | null;
}
export interface DirectAgentCall extends Envelope {
  type: "direct_agent_call";
  agent_id: string;
  status: "queued" | "running";
}
export interface AgentStatusChanged extends Envelope {
  type: "agent_status";
  agent_id: string;
  status: AgentStatus;
}
export interface TaskStarted extends Envelope {
  type: "task_started";
  task_id: string;
  agent_id: string;
}
export interface RunEnded extends Envelope {
  type: "run_completed" | "run_cancelled" | "run_failed";
  error?: Failure | null;
  cost?: string | null;
}
export interface Resync extends Envelope {
  type: "resync";
  reason: string;
}
/** Kinds that this page has no use for yet. */
export interface OtherEvent extends Envelope {
  type:
    | "task_plan_created"
    | "plan_request"
    | "tool_request"
    | "approval_resolved"
    | "tasks_progress"
    | "task_completed"
    | "task_failed"
    | "task_skipped"
    | "tool_started"
    | "tool_finished"
    | "memory_recalled";
}

export type LiveEvent =
  | MessageStarted
  | MessageDelta
  | MessageCompleted
  | DirectAgentCall
  | AgentStatusChanged
  | TaskStarted
  | RunEnded
  | Resync
  | OtherEvent;

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
