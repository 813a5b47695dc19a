import { useTranslation } from "react-i18next";
import { useAgents } from "@/api/agents";
import type { Agent, ToolQuestion } from "@/api/types";
import { deedOf, handleOf } from "./known";
import { useToolName } from "./useToolName";

/** Who asks for what, in one sentence. */
export function useToolTitle(tool: ToolQuestion): string {
  const { t } = useTranslation();
  const name = useToolName(tool.tool_id, tool.label);
  const deed = deedOf(tool);
  const agent = useAgentName(tool);
  return deed ? t(`ask.titles.${deed}`, { agent }) : t("ask.title", { agent, tool: name });
}

/** What the agent is called that asks. */
export function useAgentName(tool: ToolQuestion): string {
  const { data: agents } = useAgents();
  return agentNameOf(tool, agents);
}

/** An event tells no name, and an agent may be gone: then it is called by its handle. */
export const agentNameOf = (tool: ToolQuestion, agents: readonly Agent[] = []) =>
  tool.agent_name ||
  (agents.find((agent) => agent.agent_id === tool.agent_id)?.name ?? handleOf(tool.agent_id));
