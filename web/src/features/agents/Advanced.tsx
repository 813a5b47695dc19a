import { useTranslation } from "react-i18next";
import { TextField } from "@/ui/Field";
import { ModelField } from "@/ui/models/ModelField";
import type { AgentForm } from "./form";

interface AdvancedProps {
  form: AgentForm;
  fields: Record<string, string>;
  change: (part: Partial<AgentForm>) => void;
}

export function Advanced({ form, fields, change }: AdvancedProps) {
  const { t } = useTranslation();
  return (
    <div className="mt-4 flex flex-col gap-6">
      <div className="grid gap-6 sm:grid-cols-3">
        <TextField
          label={t("agents.temperature")}
          hint={t("agents.temperatureHint")}
          error={fields["model.temperature"]}
          inputMode="decimal"
          value={form.temperature}
          onChange={(temperature) => change({ temperature })}
        />
        <TextField
          label={t("agents.maxTokens")}
          hint={t("agents.maxTokensHint")}
          error={fields["model.max_tokens"]}
          inputMode="numeric"
          value={form.maxTokens}
          onChange={(maxTokens) => change({ maxTokens })}
        />
        <TextField
          label={t("agents.concurrency")}
          hint={t("agents.concurrencyHint")}
          error={fields.concurrency_limit}
          inputMode="numeric"
          value={form.concurrency}
          onChange={(concurrency) => change({ concurrency })}
        />
      </div>
      <TextField
        label={t("agents.approvalHours")}
        hint={t("agents.approvalHoursHint")}
        error={fields.approval_hours}
        inputMode="numeric"
        value={form.approvalHours}
        onChange={(approvalHours) => change({ approvalHours })}
        className="sm:max-w-40"
      />
      <ModelField
        label={t("agents.fallback")}
        hint={t("agents.fallbackHint")}
        fields={fields}
        name="fallback_model"
        value={form.fallback}
        onChange={(provider, name) => change({ fallback: { provider, name } })}
        without={{ label: t("agents.noFallback"), run: () => change({ fallback: null }) }}
      />
    </div>
  );
}
