import { useTranslation } from "react-i18next";
import type { Policy, Tool } from "@/api/types";
import { Select } from "@/ui/Select";
import { Switch } from "@/ui/Switch";
import { aboutOf, nameOf } from "@/ui/tools/known";
import { ToolIcon } from "@/ui/tools/ToolIcon";
import type { ToolChoice } from "./form";

interface ToolRowProps {
  tool: Tool;
  choice: ToolChoice;
  onChange: (choice: ToolChoice) => void;
}

const POLICIES: readonly Policy[] = ["allow", "ask", "deny"];

/** One tool: on or off, and what happens when the agent calls it. */
export function ToolRow({ tool, choice, onChange }: ToolRowProps) {
  const { t } = useTranslation();
  const name = nameOf(t, tool.tool_id) ?? tool.label;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-3.5 py-2.5">
      <span className="text-ink-soft">
        <ToolIcon toolId={tool.tool_id} />
      </span>
      <div className="min-w-0 flex-1 basis-40">
        <p className="break-words text-[0.93rem]">{name}</p>
        <p className="line-clamp-2 break-words text-[0.87rem] text-ink-soft">
          {aboutOf(t, tool.tool_id) ?? tool.description}
        </p>
      </div>
      {choice.enabled && (
        <Select
          aria-label={t("agents.policyOf", { tool: name })}
          className="w-full max-sm:order-last sm:w-56"
          value={choice.policy ?? ""}
          options={[
            { value: "", label: t("agents.policyUsual", { policy: t(`agents.policy.${tool.policy}`) }) },
            ...POLICIES.map((policy) => ({ value: policy, label: t(`agents.policy.${policy}`) })),
          ]}
          onChange={(policy) => onChange({ ...choice, policy: policy || null })}
        />
      )}
      <Switch
        checked={choice.enabled}
        label={name}
        onChange={(enabled) => onChange({ ...choice, enabled })}
      />
    </li>
  );
}
