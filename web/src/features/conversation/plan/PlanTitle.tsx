import { Workflow } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Plan } from "@/api/types";
import { cx } from "@/lib/cx";
import { duration, shortMoney } from "@/lib/format";
import { costText, timeText } from "@/ui/plan/figures";

const TONES: Record<Plan["status"], string> = {
  proposed: "bg-warn-soft text-warn",
  running: "bg-accent-soft text-accent-text",
  completed: "bg-accent-soft text-ok",
  failed: "bg-danger-soft text-danger",
  rejected: "bg-sunken text-ink-soft",
  cancelled: "bg-sunken text-ink-soft",
};

/** How large a plan is, how it stands, and what it is expected to cost or came to. */
export function PlanTitle({ plan, id }: { plan: Plan; id: string }) {
  const { t } = useTranslation();
  return (
    <div className="min-w-0 flex-1">
      <h2 id={id} className="flex flex-wrap items-center gap-x-2 gap-y-1 font-semibold text-[0.95rem]">
        <Workflow aria-hidden className="size-4 shrink-0 text-ink-soft" />
        {t(plan.revision > 1 ? "plan.again" : "plan.title")} · {t("plan.tasks", { count: plan.tasks.length })}
        <span className={cx("rounded-md px-1.5 py-0.5 font-medium text-[0.78rem]", TONES[plan.status])}>
          {t(`plan.state.${plan.status}`)}
        </span>
      </h2>
      <Figures plan={plan} />
    </div>
  );
}

function Figures({ plan }: { plan: Plan }) {
  const { t, i18n } = useTranslation();
  const expected = [costText(t, plan.estimate), timeText(t, plan.estimate, i18n.language)];
  const actual = plan.actual;
  const over = plan.status === "completed" || plan.status === "failed" || plan.status === "cancelled";
  if (!over || !actual) {
    return (
      <p
        className="mt-0.5 text-[0.87rem] text-ink-soft tabular-nums"
        title={t(`plan.basis.${plan.estimate.basis}`)}
      >
        {expected.join(" · ")}
      </p>
    );
  }
  const cost = actual.cost === null ? t("plan.priceUnknown") : shortMoney(actual.cost);
  return (
    <p className="mt-0.5 text-[0.87rem] text-ink-soft tabular-nums">
      <span className="font-medium text-ink">
        {actual.seconds === null
          ? cost
          : t("plan.spent", { cost, time: duration(actual.seconds, i18n.language) })}
      </span>
      {" · "}
      {t("plan.estimated", {
        cost: plan.estimate.cost === null ? t("plan.priceUnknown") : shortMoney(plan.estimate.cost),
        time: duration(plan.estimate.seconds, i18n.language),
      })}
    </p>
  );
}
