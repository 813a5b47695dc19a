import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Field, TextInput } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { ModelPicker } from "@/ui/models/ModelPicker";
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
        <Field
          label={t("agents.temperature")}
          hint={t("agents.temperatureHint")}
          error={fields["model.temperature"]}
        >
          {(control) => (
            <TextInput
              {...control}
              inputMode="decimal"
              value={form.temperature}
              onChange={(event) => change({ temperature: event.target.value })}
            />
          )}
        </Field>
        <Field
          label={t("agents.maxTokens")}
          hint={t("agents.maxTokensHint")}
          error={fields["model.max_tokens"]}
        >
          {(control) => (
            <TextInput
              {...control}
              inputMode="numeric"
              value={form.maxTokens}
              onChange={(event) => change({ maxTokens: event.target.value })}
            />
          )}
        </Field>
        <Field
          label={t("agents.concurrency")}
          hint={t("agents.concurrencyHint")}
          error={fields.concurrency_limit}
        >
          {(control) => (
            <TextInput
              {...control}
              inputMode="numeric"
              value={form.concurrency}
              onChange={(event) => change({ concurrency: event.target.value })}
            />
          )}
        </Field>
      </div>
      <Field
        label={t("agents.approvalHours")}
        hint={t("agents.approvalHoursHint")}
        error={fields.approval_hours}
      >
        {(control) => (
          <TextInput
            {...control}
            inputMode="numeric"
            value={form.approvalHours}
            onChange={(event) => change({ approvalHours: event.target.value })}
            className="sm:max-w-40"
          />
        )}
      </Field>
      <Field
        label={t("agents.fallback")}
        hint={t("agents.fallbackHint")}
        error={fields["fallback_model.name"] ?? fields["fallback_model.provider"] ?? fields.fallback_model}
      >
        {(control) => (
          <div className="flex items-center gap-2">
            <div className="min-w-0 flex-1">
              <ModelPicker
                id={control.id}
                describedBy={control["aria-describedby"]}
                invalid={control["aria-invalid"]}
                value={form.fallback}
                onChange={(provider, name) => change({ fallback: { provider, name } })}
              />
            </div>
            {form.fallback && (
              <IconButton
                icon={X}
                label={t("agents.noFallback")}
                onClick={() => change({ fallback: null })}
              />
            )}
          </div>
        )}
      </Field>
    </div>
  );
}
