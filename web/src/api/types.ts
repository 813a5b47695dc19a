/** The shapes of docs/architecture.md "HTTP shapes". Money is text such as "$0.000412"; times are ISO 8601 UTC. */

export interface Failure {
  code: string;
  detail: string;
}

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

export interface Options {
  registration: "first" | "open" | "closed";
  can_register: boolean;
  needs_first_account: boolean;
}

export type Locale = "ru" | "en";

export interface Me {
  id: number;
  email: string;
  role: "admin" | "user";
  locale: Locale;
  created_at: string;
  user_prefix: string;
}

export interface SignIn {
  id: string;
  created_at: string;
  last_seen_at: string;
  expires_at: string;
  user_agent: string | null;
  current: boolean;
}

export interface ApiKey {
  id: string;
  name: string;
  hint: string;
  created_at: string;
  last_used_at: string | null;
  /** Only in the answer to its creation. */
  key?: string | null;
}

export interface ModelChoice {
  provider: string;
  name: string;
  temperature?: number | null;
  max_tokens?: number | null;
}

export interface ToolChoice {
  tool_id: string;
  enabled: boolean;
}

export type AgentStatus = "ready" | "busy" | "error";

export interface Agent {
  agent_id: string;
  handle: string;
  name: string;
  system_prompt: string;
  model: ModelChoice;
  fallback_model?: ModelChoice | null;
  tools: ToolChoice[];
  concurrency_limit: number;
  is_active: boolean;
  status: AgentStatus;
  running: number;
  last_error: Failure | null;
  created_at: string;
  updated_at: string;
}

export interface AgentIn {
  name: string;
  system_prompt: string;
  model: ModelChoice;
  tools: ToolChoice[];
  concurrency_limit: number;
  handle?: string;
  is_active?: boolean;
  fallback_model?: ModelChoice | null;
}

export interface Session {
  id: number;
  title: string;
  created_at: string;
  updated_at: string;
  running: boolean;
}

export type MessageStatus = "complete" | "streaming" | "failed" | "cancelled";

export interface Usage {
  input_tokens: number;
  output_tokens: number;
}

export interface Message {
  id: string;
  session_id: number;
  run_id: string | null;
  role: "user" | "assistant";
  content: string;
  agent_id: string | null;
  target_agent: string | null;
  status: MessageStatus;
  error: Failure | null;
  usage: Usage | null;
  cost: string | null;
  attempt: number;
  created_at: string;
}

export type RunStatus = "queued" | "running" | "waiting" | "completed" | "failed" | "cancelled";

export interface Run {
  id: string;
  session_id: number;
  mode: "direct" | "auto";
  status: RunStatus;
  message_id: string | null;
  answer_id: string | null;
  agent_id: string | null;
  error: Failure | null;
  cost: string | null;
  created_at: string;
  finished_at: string | null;
}

export interface History {
  session: Session;
  items: Message[];
  runs: Run[];
  next_cursor: string | null;
  last_event_id: string | number | null;
}

export interface Sent {
  message_id: string;
  run_id: string;
  mode: "direct" | "auto";
  answer_id: string;
}

export interface ModelInfo {
  provider: string;
  name: string;
  label: string;
  input_price: string | null;
  output_price: string | null;
  context_tokens: number | null;
  source: string;
}

export interface Provider {
  provider: string;
  label: string;
  source: "own" | "server" | "local" | "builtin" | "none";
  base_url: string | null;
  key_hint: string | null;
  needs_key: boolean;
  error: string | null;
}

export interface Catalogue {
  items: ModelInfo[];
  providers: Provider[];
  default: { provider: string; name: string } | null;
}

export interface ProviderTest {
  ok: boolean;
  detail: string;
  code: string | null;
  models: number;
  latency_ms: number;
}

export interface Tool {
  tool_id: string;
  label: string;
  description: string;
  policy: "allow" | "ask" | "deny";
  kind: "builtin" | "browser" | "mcp";
}
