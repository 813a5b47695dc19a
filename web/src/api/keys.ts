/** Names of what is cached. Tabs tell each other which of these grew old. */
export const keys = {
  options: ["options"] as const,
  me: ["me"] as const,
  identity: ["identity"] as const,
  signIns: ["sign-ins"] as const,
  apiKeys: ["api-keys"] as const,
  agents: ["agents"] as const,
  chats: ["chats"] as const,
  models: ["models"] as const,
  tools: ["tools"] as const,
  servers: ["mcp-servers"] as const,
  approvals: ["approvals"] as const,
  audit: ["audit"] as const,
  orchestrator: ["orchestrator"] as const,
  memory: ["memory"] as const,
  usage: ["usage"] as const,
  budget: ["budget"] as const,
};
