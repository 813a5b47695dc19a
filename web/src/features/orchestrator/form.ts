import type { ModelChoice, Orchestrator, OrchestratorIn } from "@/api/types";

/** The orchestrator as the page holds it: numbers are text until they are sent. */
export interface OrchestratorForm {
  model: ModelChoice | null;
  instructions: string;
  maxParallel: string;
  maxTasks: string;
  approval: Orchestrator["plan_approval"];
  threshold: string;
  budget: string;
}

export function formOf(orchestrator: Orchestrator): OrchestratorForm {
  return {
    model: orchestrator.model,
    instructions: orchestrator.instructions,
    maxParallel: String(orchestrator.max_parallel),
    maxTasks: String(orchestrator.max_tasks),
    approval: orchestrator.plan_approval,
    threshold: orchestrator.cost_threshold_usd?.toString() ?? "",
    budget: orchestrator.budget_usd?.toString() ?? "",
  };
}

export function bodyOf(form: OrchestratorForm): OrchestratorIn {
  return {
    model: form.model && { provider: form.model.provider, name: form.model.name },
    instructions: form.instructions,
    max_parallel: Number(form.maxParallel),
    max_tasks: Number(form.maxTasks),
    plan_approval: form.approval,
    cost_threshold_usd: amount(form.threshold),
    budget_usd: amount(form.budget),
  };
}

export const isSame = (left: OrchestratorForm, right: OrchestratorForm) =>
  JSON.stringify(bodyOf(left)) === JSON.stringify(bodyOf(right));

/** Money as text, so that it stays exact; a comma is as good as a point. */
const amount = (text: string) => text.trim().replace(",", ".").replace("$", "") || null;
