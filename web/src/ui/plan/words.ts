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
