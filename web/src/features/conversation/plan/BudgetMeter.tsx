import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useOrchestrator } from "@/api/plans";
import { amountOf, shortMoney } from "@/lib/format";
import type { LiveRun } from "@/live/conversation";
import { useChatState } from "@/live/LiveProvider";
import { spentOnTasks } from "@/live/plans";
import type { ConversationStore } from "@/live/store";
import { Bar } from "@/ui/Bar";

/** How much of its budget a run has spent, when the orchestrator has one. */
export function BudgetMeter({ store, run }: { store: ConversationStore; run: LiveRun }) {
  const { t } = useTranslation();
  const { data: orchestrator } = useOrchestrator();
  const onTasks = useChatState(store, (state) => spentOnTasks(state.conversation?.plans[run.id] ?? []));
  const spent = Math.max(amountOf(run.cost), run.beside + onTasks);
  const budget = orchestrator?.budget_usd;
  if (budget == null) return null;
  const share = budget > 0 ? spent / budget : 1;
  const text = t("plan.budgetText", { spent: shortMoney(`$${spent}`), budget: shortMoney(`$${budget}`) });
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-line border-t px-4 py-2 text-[0.8rem] text-ink-soft">
      <Link href="/orchestrator" className="shrink-0 rounded hover:underline">
        {t("plan.budget")}
      </Link>
      <div className="flex-1 max-sm:order-last max-sm:basis-full">
        <Bar
          share={share}
          tone={share > 0.9 ? "danger" : share > 0.7 ? "warn" : "accent"}
          label={t("plan.budget")}
          text={text}
        />
      </div>
      <span aria-hidden className="shrink-0 tabular-nums max-sm:ml-auto">
        {text}
      </span>
    </div>
  );
}
