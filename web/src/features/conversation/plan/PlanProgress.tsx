import { useTranslation } from "react-i18next";
import type { Plan } from "@/api/types";
import { countOver } from "@/live/plans";
import { Bar } from "@/ui/Bar";

const TONES = { failed: "danger", completed: "ok" } as const;

/** How many of a plan's tasks are over. */
export function PlanProgress({ plan }: { plan: Plan }) {
  const { t } = useTranslation();
  const done = countOver([plan]);
  const count = plan.tasks.length;
  const tone = plan.status === "failed" || plan.status === "completed" ? TONES[plan.status] : "accent";
  return (
    <div className="flex items-center gap-3 px-4 pb-3">
      <div className="flex-1">
        <Bar
          share={count ? done / count : 0}
          tone={tone}
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
