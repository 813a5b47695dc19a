import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useModels } from "@/api/models";
import { Choice } from "@/ui/Choice";
import { Field, TextArea, TextInput } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { ModelPicker } from "@/ui/models/ModelPicker";
import type { OrchestratorForm } from "./form";

interface FieldsProps {
  form: OrchestratorForm;
  /** What the server refused, by field. */
  fields: Record<string, string>;
  change: (part: Partial<OrchestratorForm>) => void;
}

const APPROVALS = ["always", "above_cost", "never"] as const;

export function Fields({ form, fields, change }: FieldsProps) {
  const { t } = useTranslation();
  return (
    <>
      <ModelField form={form} fields={fields} change={change} />
      <Field
        label={t("orchestrator.instructions")}
        hint={t("orchestrator.instructionsHint")}
        error={fields.instructions}
      >
        {(control) => (
          <TextArea
            {...control}
            rows={5}
            value={form.instructions}
            onChange={(event) => change({ instructions: event.target.value })}
          />
        )}
      </Field>
      <div className="grid gap-6 sm:grid-cols-2">
        <Field label={t("orchestrator.maxParallel")} error={fields.max_parallel}>
          {(control) => (
            <TextInput
              {...control}
              inputMode="numeric"
              value={form.maxParallel}
              onChange={(event) => change({ maxParallel: event.target.value })}
            />
          )}
        </Field>
        <Field label={t("orchestrator.maxTasks")} error={fields.max_tasks}>
          {(control) => (
            <TextInput
              {...control}
              inputMode="numeric"
              value={form.maxTasks}
              onChange={(event) => change({ maxTasks: event.target.value })}
            />
          )}
        </Field>
      </div>
      <Choice
        label={t("orchestrator.approval")}
        value={form.approval}
        options={APPROVALS.map((value) => ({ value, label: t(`orchestrator.approvals.${value}`) }))}
        onChange={(approval) => change({ approval })}
      />
      <div className="grid gap-6 sm:grid-cols-2">
        {form.approval === "above_cost" && (
          <Field
            label={t("orchestrator.threshold")}
            hint={t("orchestrator.thresholdHint")}
            error={fields.cost_threshold_usd}
          >
            {(control) => (
              <TextInput
                {...control}
                inputMode="decimal"
                placeholder="0.10"
                value={form.threshold}
                onChange={(event) => change({ threshold: event.target.value })}
              />
            )}
          </Field>
        )}
        <Field label={t("orchestrator.budget")} hint={t("orchestrator.budgetHint")} error={fields.budget_usd}>
          {(control) => (
            <TextInput
              {...control}
              inputMode="decimal"
              value={form.budget}
              onChange={(event) => change({ budget: event.target.value })}
            />
          )}
        </Field>
      </div>
    </>
  );
}

function ModelField({ form, fields, change }: FieldsProps) {
  const { t } = useTranslation();
  const { data: catalogue } = useModels();
  const fallback = catalogue?.default;
  const followed = fallback ? `${fallback.provider} · ${fallback.name}` : "";
  return (
    <Field
      label={t("orchestrator.model")}
      hint={
        form.model
          ? t("orchestrator.modelHint")
          : `${t("orchestrator.defaultModel")}: ${followed}. ${t("orchestrator.modelHint")}`
      }
      error={fields["model.name"] ?? fields["model.provider"] ?? fields.model}
    >
      {(control) => (
        <div className="flex items-center gap-2">
          <div className="min-w-0 flex-1">
            <ModelPicker
              id={control.id}
              describedBy={control["aria-describedby"]}
              invalid={control["aria-invalid"]}
              value={form.model}
              placeholder={t("orchestrator.defaultModel")}
              onChange={(provider, name) => change({ model: { provider, name } })}
            />
          </div>
          {form.model && (
            <IconButton
              icon={X}
              label={t("orchestrator.useDefault")}
              onClick={() => change({ model: null })}
            />
          )}
        </div>
      )}
    </Field>
  );
}
