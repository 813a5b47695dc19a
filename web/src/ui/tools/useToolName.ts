import { useTranslation } from "react-i18next";
import { useTools } from "@/api/agents";
import { nameOf } from "./known";

/** What a tool is called: in the user's language if it is of the house, else as its server calls it. */
export function useToolName(toolId: string, label?: string): string {
  const { t } = useTranslation();
  const known = nameOf(t, toolId) ?? label;
  const { data: tools } = useTools(!known);
  return known || tools?.find((tool) => tool.tool_id === toolId)?.label || toolId;
}
