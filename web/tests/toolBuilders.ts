import type { Approval, ToolCall, ToolQuestion } from "@/api/types";
import type { LiveEvent } from "@/live/events";
import { SESSION } from "./builders";
import { approval, at } from "./planBuilders";

export const call = (change: Partial<ToolCall> = {}): ToolCall => ({
  id: "1.c",
  tool_id: "web_fetch",
  agent_id: "user1_coder",
  status: "waiting",
  arguments: { url: "https://example.org" },
  result: null,
  approval_id: "ta",
  started_at: null,
  duration_ms: null,
  cost: null,
  files: [],
  ...change,
});

export const toolQuestion = (change: Partial<ToolQuestion> = {}): ToolQuestion => ({
  tool_id: "web_fetch",
  label: "Web page",
  kind: "builtin",
  agent_id: "user1_coder",
  agent_name: "Coder",
  arguments: { url: "https://example.org" },
  arguments_schema: {},
  tool_call_id: "1.c",
  message_id: "a-r",
  task_id: "answer",
  remembered: false,
  result: null,
  ...change,
});

export const toolApproval = (change: Partial<Approval> = {}): Approval =>
  approval({ id: "ta", type: "tool", tool: toolQuestion(), expires_at: at(1000), ...change });

const envelope = (id: number) => ({ id, session_id: SESSION, run_id: "r", ts: at(id - 100) });
const place = (id: number, callId: string, taskId: string, messageId: string) => ({
  ...envelope(id),
  tool_call_id: callId,
  tool_id: "web_fetch",
  agent_id: "user1_coder",
  message_id: messageId,
  task_id: taskId,
});

interface Where {
  callId?: string;
  taskId?: string;
  messageId?: string;
}

export const toolRequest = (
  id: number,
  approvalId = "ta",
  { callId = "1.c", taskId = "answer", messageId = "a-r" }: Where = {},
  kind: "builtin" | "browser" = "builtin",
): LiveEvent => ({
  ...place(id, callId, taskId, messageId),
  type: "tool_request",
  approval_id: approvalId,
  kind,
  arguments: { url: "https://example.org" },
  remembered: false,
  expires_at: at(1000),
});

export const toolStarted = (
  id: number,
  { callId = "1.c", taskId = "answer", messageId = "a-r" }: Where = {},
): LiveEvent => ({
  ...place(id, callId, taskId, messageId),
  type: "tool_started",
  arguments: { url: "https://changed.example" },
});

export const toolFinished = (
  id: number,
  status: "ok" | "failed" | "rejected" = "ok",
  { callId = "1.c", taskId = "answer", messageId = "a-r" }: Where = {},
): LiveEvent => ({
  ...place(id, callId, taskId, messageId),
  type: "tool_finished",
  status,
  duration_ms: status === "rejected" ? 0 : 120,
});
