import { CircleX } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Plan } from "@/api/types";
import { failureTitle } from "@/ui/failures";
import { numberOf } from "@/ui/plan/words";
import { useSelection } from "./selection";

/** Which tasks of a plan failed, and why: the rest may have been planned anew because of them. */
export function Failures({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const { open } = useSelection();
  const failed = plan.tasks.filter((task) => task.status === "failed");
  if (failed.length === 0) return null;
  return (
    <ul className="flex flex-col gap-0.5 px-4 pb-2.5 text-[0.87rem]">
      {failed.map((task) => (
        <li key={task.id}>
          <button
            type="button"
            onClick={() => open({ runId: plan.run_id, taskId: task.id })}
            className="inline-flex items-baseline gap-1.5 rounded text-left hover:underline"
          >
            <CircleX aria-hidden className="size-3.5 shrink-0 self-center text-danger" />
            <span className="text-ink-soft">
              {t("plan.taskOf", { number: numberOf(plan.tasks, task.id) ?? 0, count: plan.tasks.length })}, @
              {task.agent}: {failureTitle(t, task.error?.code ?? "")}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
