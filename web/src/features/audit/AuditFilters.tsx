import { useTranslation } from "react-i18next";
import { useAgents, useTools } from "@/api/agents";
import type { AuditFilter } from "@/api/approvals";
import { Field } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { nameOf } from "@/ui/tools/known";

interface AuditFiltersProps {
  filter: AuditFilter;
  onChange: (filter: AuditFilter) => void;
}

/** Which decisions are shown. */
export function AuditFilters({ filter, onChange }: AuditFiltersProps) {
  const { t } = useTranslation();
  const { data: agents = [] } = useAgents();
  const { data: tools = [] } = useTools();
  const all = { value: "", label: t("audit.all") };
  return (
    <div className="grid grid-cols-2 gap-4">
      <Field label={t("audit.agent")}>
        {(control) => (
          <Select
            {...control}
            value={filter.agent_id ?? ""}
            options={[all, ...agents.map((agent) => ({ value: agent.agent_id, label: agent.name }))]}
            onChange={(agent_id) => onChange({ ...filter, agent_id: agent_id || null })}
          />
        )}
      </Field>
      <Field label={t("audit.tool")}>
        {(control) => (
          <Select
            {...control}
            value={filter.tool_id ?? ""}
            options={[
              all,
              ...tools.map((tool) => ({
                value: tool.tool_id,
                label: nameOf(t, tool.tool_id) ?? tool.label,
              })),
            ]}
            onChange={(tool_id) => onChange({ ...filter, tool_id: tool_id || null })}
          />
        )}
      </Field>
    </div>
  );
}
