import { ChevronDown } from "lucide-react";
import { useCallback, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Plan, PlanTask } from "@/api/types";
import { cx } from "@/lib/cx";
import type { LiveRun } from "@/live/conversation";
import { useChatState } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { useHold } from "@/ui/hold";
import { IconButton } from "@/ui/IconButton";
import { PlanView, ViewBar } from "@/ui/plan/PlanView";
import { BudgetMeter } from "./BudgetMeter";
import { Decision } from "./Decision";
import { Failures } from "./Failures";
import { Outcome } from "./Outcome";
import { PlanProgress } from "./PlanProgress";
import { PlanTitle } from "./PlanTitle";
import { useSelection } from "./selection";
import { TaskFacts } from "./TaskFacts";
import { useHeldView } from "./useHeldView";

interface PlanCardProps {
  store: ConversationStore;
  run: LiveRun;
  plan: Plan;
  /** No later plan took its place. */
  last: boolean;
}

/** A plan where its answer will stand: a decision while it waits, a live graph while it runs, an account afterwards. */
export function PlanCard({ store, run, plan, last }: PlanCardProps) {
  const { t } = useTranslation();
  const titleId = useId();
  // What was done before this page was opened gives way to its answer; what is watched stays.
  const [unfolded, setUnfolded] = useState(plan.status === "completed" ? false : null);
  const approval = useChatState(store, (state) =>
    plan.approval_id ? state.conversation?.approvals[plan.approval_id] : undefined,
  );
  const asks = plan.status === "proposed" && approval?.status === "pending";
  const open = asks || (unfolded ?? last);
  const card = useFocusKept(asks);
  const hold = useHold();
  return (
    <section
      ref={card}
      tabIndex={-1}
      aria-labelledby={titleId}
      className={cx(
        "overflow-clip rounded-2xl outline-none border bg-raised",
        asks ? "border-accent" : "border-line",
      )}
    >
      <div className="flex items-start gap-2 px-4 pt-3 pb-2.5">
        <PlanTitle plan={plan} id={titleId} />
        {!asks && (
          <IconButton
            icon={ChevronDown}
            label={t(open ? "plan.collapse" : "plan.expand")}
            size="sm"
            aria-expanded={open}
            onClick={() => {
              hold();
              setUnfolded(!open);
            }}
            className={cx("-mr-1.5 [&_svg]:transition-transform", open && "[&_svg]:rotate-180")}
          />
        )}
      </div>
      {plan.status !== "proposed" && plan.status !== "rejected" && <PlanProgress plan={plan} />}
      {plan.status !== "completed" && <Failures plan={plan} />}
      {approval && <Outcome store={store} approval={approval} tasks={plan.tasks} />}
      {asks && <Decision store={store} plan={plan} approvalId={approval.id} />}
      {open && !asks && <Tasks store={store} plan={plan} />}
      {last && !asks && plan.status !== "rejected" && <BudgetMeter store={store} run={run} />}
    </section>
  );
}

/** The buttons of a decision go with it: whoever pressed one by keyboard goes on from the card. */
function useFocusKept(asks: boolean) {
  const card = useRef<HTMLElement>(null);
  const asked = useRef(asks);
  useEffect(() => {
    if (asked.current && !asks && document.activeElement === document.body) {
      card.current?.focus({ preventScroll: true });
    }
    asked.current = asks;
  }, [asks]);
  return card;
}

function Tasks({ store, plan }: { store: ConversationStore; plan: Plan }) {
  const { t } = useTranslation();
  const { selected, open } = useSelection();
  const { view, choose } = useHeldView(plan.tasks.length);
  const runId = plan.run_id;
  const onOpen = useCallback((taskId: string) => open({ runId, taskId }), [open, runId]);
  const facts = useCallback(
    (task: PlanTask, place: "node" | "list") => (
      <TaskFacts store={store} runId={runId} task={task} place={place} />
    ),
    [store, runId],
  );
  const shown = {
    tasks: plan.tasks,
    selected: selected?.runId === runId ? selected.taskId : null,
    onOpen,
    facts,
  };
  return (
    <>
      <ViewBar note={t("plan.openHint")} view={view} choose={choose} {...shown} />
      <PlanView view={view} {...shown} />
    </>
  );
}
