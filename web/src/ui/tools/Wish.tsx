import { Server } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ToolQuestion } from "@/api/types";
import { deedOf } from "./known";
import { LongText } from "./LongText";
import { useAgentName } from "./useToolTitle";
import { Fields } from "./Value";

/** What an agent asks for and why, in its own words: nothing of it is trusted, so all of it is shown as text. */
export function Wish({ tool }: { tool: ToolQuestion }) {
  const { t } = useTranslation();
  const { reason, text } = tool.arguments;
  const args = tool.arguments;
  const deed = deedOf(tool);
  const agent = useAgentName(tool);
  return (
    <div className="flex flex-col gap-3 text-[0.93rem]">
      {deed && <Why agent={agent} reason={typeof reason === "string" ? reason : ""} />}
      {deed === "clipboardWrite" && <LongText text={String(text ?? "")} />}
      {tool.kind === "mcp" && (
        <p className="flex items-start gap-2 text-ink-soft">
          <Server aria-hidden className="mt-1 size-4 shrink-0" />
          {t("ask.server", { server: tool.label || tool.tool_id })}
        </p>
      )}
      {!deed && (
        <div>
          <p className="mb-1 text-[0.8rem] text-ink-faint">{t("ask.what")}</p>
          {Object.keys(args).length > 0 ? <Fields value={args} /> : <p>{t("ask.nothing")}</p>}
        </div>
      )}
    </div>
  );
}

export function Why({ agent, reason }: { agent: string; reason: string }) {
  const { t } = useTranslation();
  if (!reason) return <p className="text-ink-soft">{t("ask.noWhy", { agent })}</p>;
  return (
    <div>
      <p className="mb-0.5 text-[0.8rem] text-ink-faint">{t("ask.why")}</p>
      <p className="whitespace-pre-wrap break-words">{reason}</p>
    </div>
  );
}
