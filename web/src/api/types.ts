import type { components } from "./schema";

/** The API's shapes by the names that this page uses; `npm run generate:client` makes them from the server's schema. */
type Schemas = components["schemas"];

export type Failure = Schemas["Fault"];
export type Extent = Schemas["Extent"];
export type Retention = Schemas["Retention"];
export type RetentionTerms = Schemas["RetentionTerms"];
export type TooOld = Schemas["TooOld"];
export type Options = Schemas["Options"];
export type Me = Schemas["Me"];
export type IdentityOf = Schemas["IdentityOf"];
export type Locale = Me["locale"];
export type SignIn = Schemas["SignIn"];
export type ApiKey = Schemas["ApiKey"];
/** The only answer that holds the key itself. */
export type NewApiKey = Schemas["NewApiKey"];
export type ModelChoice = Schemas["ModelChoice"];
export type ToolChoice = Schemas["ToolChoice"];
export type Agent = Schemas["Agent"];
export type AgentIn = Schemas["AgentIn"];
export type AgentStatus = Agent["status"];
export type Session = Schemas["Session"];
export type Message = Schemas["Message"];
export type Run = Schemas["Run"];
export type RunStatus = Run["status"];
export type History = Schemas["History"];
export type Sent = Schemas["Sent"];
export type ModelInfo = Schemas["Model"];
export type Provider = Schemas["Provider"];
export type Catalogue = Schemas["Models"];
export type ProviderTest = Schemas["ProviderTested"];
export type Tool = Schemas["Tool"];
export type McpServer = Schemas["McpServer"];
export type McpServerIn = Schemas["McpServerIn"];
export type McpServers = Schemas["McpServerList"];
export type Problem = Schemas["Problem"];
export type Plan = Schemas["Plan"];
export type PlanStatus = Plan["status"];
export type PlanTask = Schemas["PlanTask"];
export type PlanTaskStatus = PlanTask["status"];
export type Estimate = Schemas["Estimate"];
export type Actual = Schemas["Actual"];
/** A task of a plan as its user wants it. */
export type DraftTask = Pick<PlanTask, "id" | "agent" | "instruction" | "depends_on">;
export type Approval = Schemas["Approval"];
export type ToolQuestion = Schemas["ToolQuestion"];
export type ToolCall = Schemas["ToolCall"];
export type UserFile = Schemas["File"];
export type FileList = Schemas["FileList"];
export type ToolKind = Tool["kind"];
export type Policy = Tool["policy"];
export type AuditEntry = Schemas["Decision"];
export type Actor = Schemas["Actor"];
export type TaskDetail = Schemas["TaskDetail"];
export type DryRun = Schemas["DryRun"];
export type Orchestrator = Schemas["Orchestrator"];
export type OrchestratorIn = Schemas["OrchestratorConfig"];
export type Memory = Schemas["Memory"];
export type MemoryState = Schemas["MemoryState"];
export type MemoryProfile = Schemas["Profile"];
export type Usage = Schemas["Usage"];
export type UsageRow = Schemas["UsageRow"];
export type Spent = Schemas["Spent"];
export type Budget = Schemas["Budget"];

/** As the history tells it, or an event, which knows no titles. */
export type Recalled = Omit<Schemas["Recalled"], "session_title" | "why"> & {
  session_title?: string | null;
  why: Schemas["Recalled"]["why"] | null;
};
export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}
