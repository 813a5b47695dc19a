import { useTranslation } from "react-i18next";
import type { Tool } from "@/api/types";
import { Notice } from "@/ui/Notice";
import { NOT_CHOSEN, type ToolChoice, type ToolChoices } from "./form";
import { ToolRow } from "./ToolRow";

interface ToolListProps {
  /** Null when they could not be loaded. */
  tools: Tool[] | null;
  chosen: ToolChoices;
  problem: string;
  onChange: (chosen: ToolChoices) => void;
}

/** The tools an agent may use: whether it may, and whether it asks first. */
export function ToolList({ tools, chosen, problem, onChange }: ToolListProps) {
  const { t } = useTranslation();
  const gone = tools ? Object.keys(chosen).filter((id) => isGone(id, tools, chosen)) : [];
  const row = (tool: Tool) => (
    <ToolRow
      key={tool.tool_id}
      tool={tool}
      choice={chosen[tool.tool_id] ?? NOT_CHOSEN}
      onChange={(choice: ToolChoice) => onChange({ ...chosen, [tool.tool_id]: choice })}
    />
  );
  if (tools?.length === 0 && gone.length === 0) return null;
  return (
    <section aria-labelledby="agent-tools">
      <h2 id="agent-tools" className="font-medium text-[0.93rem]">
        {t("agents.tools")}
      </h2>
      <p className="mt-0.5 mb-3 text-[0.87rem] text-ink-soft">{t("agents.toolsHint")}</p>
      {problem && (
        <p role="alert" className="mb-3 text-[0.87rem] text-danger">
          {problem}
        </p>
      )}
      {!tools && <Notice tone="warn">{t("agents.toolsFailed")}</Notice>}
      <div className="flex flex-col gap-4">
        {groupsOf(tools ?? []).map(({ key, server, tools: group }) => (
          <div key={key}>
            <h3 className="mb-1.5 text-[0.8rem] text-ink-faint">
              {server === null
                ? t(`agents.toolGroups.${key as "builtin"}`)
                : t("agents.toolServer", { server })}
            </h3>
            <ul className="divide-y divide-line overflow-clip rounded-xl border border-line bg-raised">
              {group.map(row)}
            </ul>
          </div>
        ))}
      </div>
      {gone.length > 0 && (
        <p className="mt-3 text-[0.87rem] text-ink-soft">
          {t("agents.toolsGone", { tools: gone.join(", ") })}
        </p>
      )}
    </section>
  );
}

const isGone = (id: string, tools: readonly Tool[], chosen: ToolChoices) =>
  chosen[id]?.enabled === true && !tools.some((tool) => tool.tool_id === id);

interface Group {
  key: string;
  /** The MCP server it is of; null for tools of the house. */
  server: string | null;
  tools: Tool[];
}

/** Those of the house, those of the page, then those of each server, in the catalogue's own order. */
export function groupsOf(tools: readonly Tool[]): Group[] {
  const keyOf = (tool: Tool) => (tool.kind === "mcp" ? `mcp ${tool.server ?? ""}` : tool.kind);
  const rank = (key: string) => (key === "builtin" ? 0 : key === "browser" ? 1 : 2);
  const keys = [...new Set(tools.map(keyOf))].sort((left, right) => rank(left) - rank(right));
  return keys.map((key) => {
    const group = tools.filter((tool) => keyOf(tool) === key);
    return { key, server: key.startsWith("mcp ") ? (group[0]?.server ?? "") : null, tools: group };
  });
}
