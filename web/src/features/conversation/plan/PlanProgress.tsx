import { useTranslation } from "react-i18next";
import type { Plan } from "@/api/types";
import { countOver } from "@/live/plans";
import { Bar } from "@/ui/Bar";

/** How many of a plan's tasks are over. */
export function PlanProgress({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const done = countOver([plan]);
  const count = plan.tasks.length;
  const failed = plan.tasks.filter((task) => task.status === "failed").length;
  const skipped = plan.tasks.filter((task) => task.status === "skipped").length;
  // What was left undone because its user stopped something is not lost.
  const lost = failed && failed + skipped;
  return (
    <div className="flex items-center gap-3 px-4 pb-3">
      <div className="flex-1">
        <Bar
          share={count ? done / count : 0}
          lost={count ? lost / count : 0}
          tone={plan.status === "completed" ? "ok" : "accent"}
          label={t("plan.progress")}
          text={t("plan.progressText", { done, count })}
        />
      </div>
      <span aria-hidden className="shrink-0 text-[0.8rem] text-ink-soft tabular-nums">
        {t("plan.doneOf", { done, count })}
      </span>
    </div>
  );
}
