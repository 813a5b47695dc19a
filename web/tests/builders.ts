import type { History, Message, Run, Session } from "@/api/types";
import { type Conversation, fromHistory } from "@/live/conversation";
import type { LiveEvent } from "@/live/events";

export const SESSION = 7;
const TS = "2026-11-22T10:00:00Z";

export const session = (change: Partial<Session> = {}): Session => ({
  id: SESSION,
  title: "A chat",
  created_at: TS,
  updated_at: TS,
  running: false,
  memory: true,
  ...change,
});

export const question = (id: string, run: string, content = "Hello"): Message => ({
  id,
  session_id: SESSION,
  run_id: run,
  role: "user",
  content,
  agent_id: null,
  target_agent: "user1_coder",
  status: "complete",
  error: null,
  usage: null,
  cost: null,
  attempt: 0,
  created_at: TS,
  tool_calls: [],
  recalled: [],
  memory_missed: false,
  attachments: [],
});

export const answer = (id: string, run: string, change: Partial<Message> = {}): Message => ({
  ...question(id, run, ""),
  role: "assistant",
  agent_id: "user1_coder",
  target_agent: null,
  status: "streaming",
  attempt: 1,
  ...change,
});

export const run = (id: string, change: Partial<Run> = {}): Run => ({
  id,
  session_id: SESSION,
  mode: "direct",
  status: "running",
  message_id: `q-${id}`,
  answer_id: `a-${id}`,
  agent_id: "user1_coder",
  error: null,
  cost: null,
  created_at: TS,
  finished_at: null,
  tasks: [],
  ...change,
});

export const history = (change: Partial<History> = {}): History => ({
  session: session(),
  items: [],
  runs: [],
  plans: [],
  approvals: [],
  next_cursor: null,
  last_event_id: 100,
  ...change,
});

export const conversation = (change: Partial<History> = {}): Conversation =>
  fromHistory(history(change), null);

const envelope = (id: number) => ({
  id,
  session_id: SESSION as number | null,
  run_id: "r" as string | null,
  ts: TS,
});
const part = (id: number, attempt: number) => ({
  ...envelope(id),
  message_id: "a-r",
  agent_id: "user1_coder",
  attempt,
  task_id: null,
});

export const started = (id: number, attempt = 1): LiveEvent => ({
  type: "message_started",
  ...part(id, attempt),
});
export const delta = (id: number, text: string, attempt = 1): LiveEvent => ({
  type: "message_delta",
  ...part(id, attempt),
  text,
});
export const completed = (id: number, content: string, attempt = 1): LiveEvent => ({
  type: "message_completed",
  ...part(id, attempt),
  content,
  usage: { input_tokens: 3, output_tokens: 5 },
  cost: "$0.01",
  status: "complete",
  error: null,
  role: "assistant",
});
export const runCompleted = (id: number): LiveEvent => ({
  type: "run_completed",
  ...envelope(id),
  run_id: "r",
  cost: null,
});
export const runFailed = (id: number): LiveEvent => ({
  type: "run_failed",
  ...envelope(id),
  run_id: "r",
  error: { code: "interrupted", detail: "" },
});
export const called = (id: number, runId = "r"): LiveEvent => ({
  type: "direct_agent_call",
  ...envelope(id),
  run_id: runId,
  agent_id: "user1_coder",
  status: "running",
});
export const resync = (id: number): LiveEvent => ({
  type: "resync",
  ...envelope(id),
  session_id: null,
  run_id: null,
  reason: "trimmed",
});
