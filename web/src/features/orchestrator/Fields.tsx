import { useTranslation } from "react-i18next";
import { useModels } from "@/api/models";
import { Choice } from "@/ui/Choice";
import { Field, TextArea, TextField } from "@/ui/Field";
import { ModelField } from "@/ui/models/ModelField";
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
      <Planner form={form} fields={fields} change={change} />
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
        <TextField
          label={t("orchestrator.maxParallel")}
          error={fields.max_parallel}
          inputMode="numeric"
          value={form.maxParallel}
          onChange={(maxParallel) => change({ maxParallel })}
        />
        <TextField
          label={t("orchestrator.maxTasks")}
          error={fields.max_tasks}
          inputMode="numeric"
          value={form.maxTasks}
          onChange={(maxTasks) => change({ maxTasks })}
        />
      </div>
      <Choice
        label={t("orchestrator.approval")}
        value={form.approval}
        options={APPROVALS.map((value) => ({ value, label: t(`orchestrator.approvals.${value}`) }))}
        onChange={(approval) => change({ approval })}
      />
      <div className="grid gap-6 sm:grid-cols-2">
        {form.approval === "above_cost" && (
          <TextField
            label={t("orchestrator.threshold")}
            hint={t("orchestrator.thresholdHint")}
            error={fields.cost_threshold_usd}
            inputMode="decimal"
            placeholder="0.10"
            value={form.threshold}
            onChange={(threshold) => change({ threshold })}
          />
        )}
        <TextField
          label={t("orchestrator.budget")}
          hint={t("orchestrator.budgetHint")}
          error={fields.budget_usd}
          inputMode="decimal"
          value={form.budget}
          onChange={(budget) => change({ budget })}
        />
      </div>
    </>
  );
}

function Planner({ form, fields, change }: FieldsProps) {
  const { t } = useTranslation();
  const { data: catalogue } = useModels();
  const fallback = catalogue?.default;
  const followed = fallback ? `${fallback.provider} · ${fallback.name}` : "";
  return (
    <ModelField
      label={t("orchestrator.model")}
      hint={
        form.model
          ? t("orchestrator.modelHint")
          : `${t("orchestrator.defaultModel")}: ${followed}. ${t("orchestrator.modelHint")}`
      }
      fields={fields}
      name="model"
      value={form.model}
      placeholder={t("orchestrator.defaultModel")}
      onChange={(provider, name) => change({ model: { provider, name } })}
      without={{ label: t("orchestrator.useDefault"), run: () => change({ model: null }) }}
    />
  );
}
