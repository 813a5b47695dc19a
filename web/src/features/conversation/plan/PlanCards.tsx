import { Route } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Agent, Message, Plan } from "@/api/types";
import type { LiveRun } from "@/live/conversation";
import { useChatState } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { PlanCard } from "./PlanCard";

interface PlanCardsProps {
  store: ConversationStore;
  run: LiveRun;
  message: Message;
  agent: Agent | undefined;
}

const NO_PLANS: readonly Plan[] = [];

/** How a run came to its answer: its plans, or whom the orchestrator chose when one agent was enough. */
export function PlanCards({ store, run, message, agent }: PlanCardsProps) {
  const { t } = useTranslation();
  const plans = useChatState(store, (state) => state.conversation?.plans[run.id] ?? NO_PLANS);
  if (run.mode !== "auto") return null;
  const shown = plans.filter(
    (plan) => plan.tasks.length > 1 || plan.revision > 1 || plan.status === "proposed",
  );
  if (shown.length > 0) {
    return (
      <div className="mb-3 flex flex-col gap-3 max-sm:mt-2.5 max-sm:-ml-11">
        {shown.map((plan, index) => (
          <PlanCard key={plan.id} store={store} run={run} plan={plan} last={index === shown.length - 1} />
        ))}
      </div>
    );
  }
  const handle = agent?.handle ?? message.agent_id?.replace(/^user\d+_/, "");
  if (!handle || handle === "orchestrator") return null;
  return (
    <p className="mb-1.5 flex items-center gap-1.5 text-[0.87rem] text-ink-soft">
      <Route aria-hidden className="size-3.5 shrink-0" />
      {t("plan.chose", { handle })}
    </p>
  );
}
