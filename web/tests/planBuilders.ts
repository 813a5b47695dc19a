import type { Approval, Estimate, Plan, PlanTask, TaskDetail } from "@/api/types";
import type { LiveEvent } from "@/live/events";
import { SESSION } from "./builders";

const TS = "2026-11-22T10:00:00Z";

/** `seconds` after the builders' moment. */
export const at = (seconds: number) => new Date(Date.parse(TS) + seconds * 1000).toISOString();

export const estimate = (change: Partial<Estimate> = {}): Estimate => ({
  cost: "$0.02",
  cost_low: "$0.01",
  cost_high: "$0.03",
  seconds: 12,
  seconds_low: 8,
  seconds_high: 20,
  basis: "history",
  ...change,
});

export const task = (id: string, change: Partial<PlanTask> = {}): PlanTask => ({
  id,
  agent: "coder",
  agent_id: "user1_coder",
  instruction: `Do ${id}`,
  depends_on: [],
  status: "pending",
  estimate: estimate(),
  actual: null,
  error: null,
  attempt: 0,
  message_id: null,
  started_at: null,
  finished_at: null,
  ...change,
});

export const plan = (change: Partial<Plan> = {}): Plan => ({
  id: "p1",
  run_id: "r",
  session_id: SESSION,
  revision: 1,
  status: "running",
  approval_id: null,
  tasks: [task("t1"), task("t2"), task("t3", { depends_on: ["t1", "t2"] })],
  estimate: estimate(),
  actual: null,
  max_parallel: 3,
  created_at: TS,
  ...change,
});

export const approval = (change: Partial<Approval> = {}): Approval => ({
  id: "ap",
  session_id: SESSION,
  session_title: "",
  run_id: "r",
  type: "plan",
  status: "pending",
  plan: null,
  tool: null,
  reason: null,
  created_at: TS,
  resolved_at: null,
  expires_at: null,
  ...change,
});

export const detail = (change: Partial<TaskDetail> = {}): TaskDetail => ({
  run_id: "r",
  task_id: "t1",
  agent_id: "user1_coder",
  status: "running",
  dependencies: [],
  attempt: 1,
  error: null,
  message_id: "m-t1",
  started_at: TS,
  finished_at: null,
  instruction: "Do t1",
  content: "",
  usage: null,
  cost: null,
  tool_calls: [],
  last_event_id: 0,
  ...change,
});

const envelope = (id: number) => ({ id, session_id: SESSION, run_id: "r", ts: at(id - 100) });
const graph = (names: string[]) => ({
  nodes: names.map((name) => ({
    task_id: name,
    agent_id: "user1_coder",
    instruction: `Do ${name}`,
    estimated_cost: "$0.02",
    estimated_seconds: 12,
  })),
  edges: names.slice(0, -1).map((source) => ({ source, target: names.at(-1) ?? "" })),
});

export const planCreated = (id: number, planId: string, names: string[], revision = 1): LiveEvent => ({
  ...envelope(id),
  type: "task_plan_created",
  plan_id: planId,
  revision,
  tasks: names.length,
  estimated_cost: "$0.06",
  estimated_seconds: 24,
  graph: graph(names),
});

export const planRequest = (id: number, planId: string, names: string[], approvalId = "ap"): LiveEvent => ({
  ...envelope(id),
  type: "plan_request",
  plan_id: planId,
  approval_id: approvalId,
  tasks: names.length,
  estimated_cost: "$0.06",
  estimated_seconds: 24,
  graph: graph(names),
});

export const resolved = (
  id: number,
  status: "confirmed" | "rejected" | "expired" | "cancelled",
  approvalId = "ap",
): LiveEvent => ({ ...envelope(id), type: "approval_resolved", approval_id: approvalId, status });

export const taskStarted = (id: number, taskId: string, attempt = 1): LiveEvent => ({
  ...envelope(id),
  type: "task_started",
  task_id: taskId,
  agent_id: "user1_coder",
  attempt,
});

export const taskOver = (
  id: number,
  type: "task_completed" | "task_skipped" | "task_failed",
  taskId: string,
) =>
  ({
    ...envelope(id),
    type,
    task_id: taskId,
    agent_id: "user1_coder",
    ...(type === "task_failed" && { error: { code: "model_timeout", detail: "" } }),
  }) as LiveEvent;

const part = (id: number, taskId: string | null, attempt: number) => ({
  ...envelope(id),
  message_id: taskId === "synthesis" || taskId === null ? "a-r" : `m-${taskId}`,
  agent_id: "user1_coder",
  attempt,
  task_id: taskId,
});

export const taskMessage = (id: number, taskId: string, attempt = 1): LiveEvent => ({
  ...part(id, taskId, attempt),
  type: "message_started",
});

export const taskDelta = (id: number, taskId: string, text: string, attempt = 1): LiveEvent => ({
  ...part(id, taskId, attempt),
  type: "message_delta",
  text,
});

export const taskSaid = (
  id: number,
  taskId: string,
  content: string,
  status: "complete" | "failed" | "cancelled" = "complete",
  attempt = 1,
): LiveEvent => ({
  ...part(id, taskId, attempt),
  type: "message_completed",
  role: "assistant",
  content,
  status,
  error: null,
  usage: { input_tokens: 30, output_tokens: 7 },
  cost: "$0.004",
});

export const progress = (id: number, completed: number, total: number): LiveEvent => ({
  ...envelope(id),
  type: "tasks_progress",
  completed,
  total,
});

export const runEnded = (id: number, type: "run_completed" | "run_cancelled" | "run_failed"): LiveEvent =>
  ({
    ...envelope(id),
    type,
    ...(type === "run_completed" && { cost: "$0.05" }),
    ...(type === "run_failed" && { error: { code: "model_timeout", detail: "t1" } }),
  }) as LiveEvent;
