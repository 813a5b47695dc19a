import { useTranslation } from "react-i18next";
import type { ToolQuestion } from "@/api/types";
import { deedOf, handleOf } from "./known";
import { useToolName } from "./useToolName";

/** Who asks for what, in one sentence. */
export function useToolTitle(tool: ToolQuestion): string {
  const { t } = useTranslation();
  const name = useToolName(tool.tool_id, tool.label);
  const deed = deedOf(tool);
  const agent = agentNameOf(tool);
  return deed ? t(`ask.titles.${deed}`, { agent }) : t("ask.title", { agent, tool: name });
}

/** The name as it is now, else the handle: the agent may be gone. */
export const agentNameOf = (tool: ToolQuestion) => tool.agent_name || handleOf(tool.agent_id);
