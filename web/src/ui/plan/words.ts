import type { TFunction } from "i18next";
import type { PlanTask } from "@/api/types";

/** A task's number in its plan, which people can say more easily than its id. */
export const numberOf = (tasks: readonly PlanTask[], id: string): number | null => {
  const index = tasks.findIndex((task) => task.id === id);
  return index < 0 ? null : index + 1;
};

/** "after 1 and 2"; tasks of an earlier plan are called by their ids. */
export function afterText(
  t: TFunction,
  task: PlanTask,
  tasks: readonly PlanTask[],
  language: string,
): string {
  if (task.depends_on.length === 0) return "";
  const names = task.depends_on.map((id) => String(numberOf(tasks, id) ?? id));
  return t("plan.after", { tasks: new Intl.ListFormat(language).format(names) });
}

/** All that a task's node shows, in one sentence for screen readers. */
export function taskLabel(
  t: TFunction,
  task: PlanTask,
  tasks: readonly PlanTask[],
  language: string,
): string {
  const parts = [
    t("plan.taskOf", { number: numberOf(tasks, task.id) ?? 0, count: tasks.length }),
    `@${task.agent}`,
    t(`plan.status.${task.status}`),
    afterText(t, task, tasks, language),
    task.instruction.slice(0, 160),
  ];
  return parts.filter(Boolean).join(", ");
}
