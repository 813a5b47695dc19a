import type { Plan, PlanTask, PlanTaskStatus } from "@/api/types";
import { amountOf } from "@/lib/format";

/** The plans of each run, the first revision first. */
export type PlansByRun = Readonly<Record<string, readonly Plan[]>>;

export function plansByRun(plans: readonly Plan[]): PlansByRun {
  return plans.reduce<PlansByRun>(withPlan, {});
}

/** A plan that is known already is replaced. */
export function withPlan(plans: PlansByRun, plan: Plan): PlansByRun {
  const others = (plans[plan.run_id] ?? []).filter((other) => other.id !== plan.id);
  const all = [...others, plan].sort((left, right) => left.revision - right.revision);
  return { ...plans, [plan.run_id]: all };
}

/** The plans with one task changed, wherever it stands in its run; the very same object when no plan has it. */
export function withTask(
  plans: PlansByRun,
  runId: string,
  taskId: string,
  change: (task: PlanTask) => PlanTask,
): PlansByRun {
  const plan = planOf(plans, runId, taskId);
  if (!plan) return plans;
  return withPlan(plans, {
    ...plan,
    tasks: plan.tasks.map((task) => (task.id === taskId ? change(task) : task)),
  });
}

/** The plans with every plan of a run changed. */
export function withPlansOf(plans: PlansByRun, runId: string, change: (plan: Plan) => Plan): PlansByRun {
  const known = plans[runId];
  return known ? { ...plans, [runId]: known.map(change) } : plans;
}

/** The plan that a task stands in. */
export const planOf = (plans: PlansByRun, runId: string, taskId: string): Plan | undefined =>
  plans[runId]?.findLast((plan) => plan.tasks.some((task) => task.id === taskId));

export function taskOf(plans: PlansByRun, runId: string, taskId: string): PlanTask | undefined {
  return planOf(plans, runId, taskId)?.tasks.find((task) => task.id === taskId);
}

const OVER: readonly PlanTaskStatus[] = ["done", "failed", "skipped", "cancelled"];

export const isTaskOver = (status: PlanTaskStatus) => OVER.includes(status);

/** How many tasks of these plans are over. */
export const countOver = (plans: readonly Plan[]) =>
  plans.reduce((sum, plan) => sum + plan.tasks.filter((task) => isTaskOver(task.status)).length, 0);

/** What the finished tasks of these plans have cost together, as far as it is known. */
export const spentOnTasks = (plans: readonly Plan[]) =>
  plans.flatMap((plan) => plan.tasks).reduce((sum, task) => sum + amountOf(task.actual?.cost ?? null), 0);

/** A plan that still may change by itself or by its user. */
export const isPlanOpen = (plan: Plan) => plan.status === "proposed" || plan.status === "running";
