import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request } from "@/api/http";
import { keys } from "@/api/keys";
import type { Agent, AgentIn, Page, Tool } from "@/api/types";
import { randomId } from "@/lib/random";

const path = (agentId: string) => `/my/agents/${encodeURIComponent(agentId)}/`;

/** All agents: a team is small, so the page asks for the whole list at once. */
async function fetchAgents(): Promise<Agent[]> {
  const agents: Agent[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Agent> = await request("GET", "/my/agents/", { query: { limit: 100, cursor } });
    agents.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return agents;
}

export const useAgents = () => useQuery({ queryKey: keys.agents, queryFn: fetchAgents });

export const createAgent = (body: AgentIn, idempotencyKey = randomId()) =>
  request<Agent>("POST", "/my/agents/", { body, idempotencyKey });

export function useSaveAgent(agentId: string | null) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: AgentIn) =>
      agentId ? request<Agent>("PUT", path(agentId), { body }) : createAgent(body),
    onSuccess: (saved) => {
      client.setQueryData<Agent[]>(keys.agents, (agents) => {
        if (!agents) return agents;
        const known = agents.some((agent) => agent.agent_id === saved.agent_id);
        return known
          ? agents.map((agent) => (agent.agent_id === saved.agent_id ? saved : agent))
          : [...agents, saved];
      });
      return client.invalidateQueries({ queryKey: keys.agents });
    },
  });
}

export function useDeleteAgent() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (agentId: string) => request<void>("DELETE", path(agentId)),
    onSuccess: (_answer, agentId) =>
      client.setQueryData<Agent[]>(keys.agents, (agents) =>
        agents?.filter((agent) => agent.agent_id !== agentId),
      ),
  });
}

export const useTools = (enabled = true) =>
  useQuery({
    queryKey: keys.tools,
    enabled,
    queryFn: async () => (await request<Page<Tool>>("GET", "/my/tools/", { query: { limit: 100 } })).items,
  });
