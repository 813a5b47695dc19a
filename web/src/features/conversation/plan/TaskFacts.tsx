import { useTranslation } from "react-i18next";
import type { PlanTask } from "@/api/types";
import { duration } from "@/lib/format";
import { useChatState } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { roughTokens, workKey } from "@/live/works";
import { failureTitle } from "@/ui/failures";
import { briefActual, briefEstimate } from "@/ui/plan/figures";
import { useSeconds } from "../useSeconds";

interface TaskFactsProps {
  store: ConversationStore;
  runId: string;
  task: PlanTask;
  place: "node" | "list";
}

/** The figures under a task, as far along as it is. They change by themselves while it works. */
export function TaskFacts({ store, runId, task, place }: TaskFactsProps) {
  const { t, i18n } = useTranslation();
  const expected = briefEstimate(t, task.estimate, i18n.language);
  if (task.status === "running") return <LiveFacts store={store} runId={runId} task={task} />;
  if (task.status === "failed") {
    return <span className="font-medium text-danger">{failureTitle(t, task.error?.code ?? "")}</span>;
  }
  const came = briefActual(t, task, i18n.language, place);
  if (!came) {
    const told = task.status === "skipped" && place === "list" ? t("plan.skippedWhy") : expected;
    return <span className="text-ink-soft tabular-nums">{told}</span>;
  }
  return (
    <span className="text-ink-soft tabular-nums">
      {came}
      {place === "list" && <span className="text-ink-soft"> ({expected})</span>}
    </span>
  );
}

function LiveFacts({ store, runId, task }: Omit<TaskFactsProps, "place">) {
  const { t, i18n } = useTranslation();
  const seconds = useSeconds(task.started_at);
  const tokens = useChatState(store, (state) => {
    const work = state.conversation?.works[workKey(runId, task.id)];
    return work ? roughTokens(work.text) : 0;
  });
  return (
    <span className="text-accent-text tabular-nums">
      {duration(seconds, i18n.language)}
      {tokens > 0 && ` · ${t("plan.roughTokens", { count: tokens })}`}
    </span>
  );
}
