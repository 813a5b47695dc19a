import { useTranslation } from "react-i18next";
import { useDecider } from "@/api/approvals";
import { deviceOf } from "@/lib/device";
import { useToolName } from "@/ui/tools/useToolName";
import { agentNameOf } from "@/ui/tools/useToolTitle";
import type { Question } from "./ToolQuestions";

/** A question that was open here and was answered by somebody else: what was said, and by whom. */
export function AnsweredElsewhere({ question }: { question: Question }) {
  const { t } = useTranslation();
  const { tool, status } = question;
  const name = useToolName(tool.tool_id, tool.label);
  const { data: actor } = useDecider(question.id, { tool_id: tool.tool_id, agent_id: tool.agent_id });
  if (status === "pending") return null;
  return (
    <p role="status" className="rounded-xl bg-sunken px-4 py-2.5 text-[0.9rem] text-ink-soft">
      {t(`ask.elsewhere.${status}`, { tool: name, agent: agentNameOf(tool) })}{" "}
      {actor && actor.kind !== "time" && t(`ask.by.${actor.kind}`, { name: nameOf(actor) })}
    </p>
  );

  function nameOf({ kind, name }: { kind: string; name: string | null }): string {
    if (kind === "api_key") return name ?? t("ask.someKey");
    return deviceOf(name) ?? t("ask.someBrowser");
  }
}
