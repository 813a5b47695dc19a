import { useTranslation } from "react-i18next";
import type { Tool } from "@/api/types";
import { Switch } from "@/ui/Switch";

interface ToolListProps {
  tools: Tool[];
  enabled: string[];
  onChange: (enabled: string[]) => void;
}

/** The tools an agent may use, each with a switch. */
export function ToolList({ tools, enabled, onChange }: ToolListProps) {
  const { t } = useTranslation();
  return (
    <fieldset>
      <legend className="mb-1.5 font-medium text-[0.93rem]">{t("agents.tools")}</legend>
      <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
        {tools.map((tool) => {
          const on = enabled.includes(tool.tool_id);
          return (
            <li key={tool.tool_id} className="flex items-center gap-4 px-3.5 py-2.5">
              <div className="min-w-0 flex-1">
                <p className="text-[0.93rem]">{tool.label}</p>
                <p className="text-[0.87rem] text-ink-soft">
                  {tool.description}{" "}
                  <span className="text-ink-faint">· {t(`agents.policy.${tool.policy}`)}</span>
                </p>
              </div>
              <Switch
                checked={on}
                label={tool.label}
                disabled={tool.policy === "deny"}
                onChange={(checked) =>
                  onChange(checked ? [...enabled, tool.tool_id] : enabled.filter((id) => id !== tool.tool_id))
                }
              />
            </li>
          );
        })}
      </ul>
    </fieldset>
  );
}
