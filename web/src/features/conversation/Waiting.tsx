import { useTranslation } from "react-i18next";
import type { LiveRun } from "@/live/conversation";
import { useChatState } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";

interface WaitingProps {
  store: ConversationStore;
  run: LiveRun | undefined;
  name: string;
}

/** What goes on before the first word of an answer. A plan at work, or one that waits, speaks for itself. */
export function Waiting({ store, run, name }: WaitingProps) {
  const { t } = useTranslation();
  const planned = useChatState(
    store,
    (state) => run !== undefined && run.id in (state.conversation?.plans ?? {}),
  );
  const text = textFor();
  return (
    text && (
      <p className="flex h-7 items-center gap-2.5 text-ink-soft">
        <span aria-hidden className="size-2 animate-dot rounded-full bg-accent" />
        {text}
      </p>
    )
  );

  function textFor(): string | null {
    if (run?.stage === "plan") return t("plan.planning");
    if (run?.stage === "replan") return t("plan.replanning");
    if (run?.stage === "synthesis") return t("plan.joining");
    // What waits for its user says so itself.
    if (planned || run?.status === "waiting") return null;
    return run?.status === "queued" ? t("chat.queued", { name }) : t("chat.thinking", { name });
  }
}
