import { RotateCcw, Square } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { retryRun } from "@/api/chats";
import type { Agent, Message } from "@/api/types";
import { cx } from "@/lib/cx";
import { secondsBetween, shortTime, wholeNumber } from "@/lib/format";
import type { LiveRun } from "@/live/conversation";
import type { ConversationStore } from "@/live/store";
import { AgentAvatar, OrchestratorAvatar } from "@/ui/AgentAvatar";
import { CopyButton } from "@/ui/CopyButton";
import { errorText } from "@/ui/failures";
import { IconButton } from "@/ui/IconButton";
import { useToast } from "@/ui/toasts";
import { AnswerText } from "./AnswerText";
import { ErrorCard } from "./ErrorCard";
import { PlanCards } from "./plan/PlanCards";
import { RecalledMemories } from "./RecalledMemories";
import { ToolQuestions } from "./tools/ToolQuestions";
import { Waiting } from "./Waiting";

interface AnswerMessageProps {
  store: ConversationStore;
  message: Message;
  run: LiveRun | undefined;
  agent: Agent | undefined;
  last: boolean;
  onRetried: () => void;
}

export function AnswerMessage({ store, message, run, agent, last, onRetried }: AnswerMessageProps) {
  const { t, i18n } = useTranslation();
  const name = agent?.name ?? nameOf(message.agent_id) ?? t("chat.orchestrator");
  const { retry, retrying } = useRetry(message.run_id, onRetried);
  const streaming = message.status === "streaming";
  const failure = message.error ?? (message.status === "failed" ? { code: "unknown", detail: "" } : null);
  const stopped = message.status === "cancelled";

  return (
    <div className="group flex gap-3">
      {agent || nameOf(message.agent_id) ? (
        <AgentAvatar name={name} seed={agent?.handle ?? message.agent_id ?? ""} />
      ) : (
        <OrchestratorAvatar />
      )}
      <div className="min-w-0 flex-1">
        <div className="flex items-baseline gap-2">
          <span className="truncate font-semibold">{name}</span>
          <time dateTime={message.created_at} className="shrink-0 text-[0.8rem] text-ink-faint">
            {shortTime(message.created_at, i18n.language)}
          </time>
        </div>
        <div className="mt-1">
          <RecalledMemories store={store} messageId={message.id} attempt={message.attempt} />
          {run && <PlanCards store={store} run={run} message={message} agent={agent} />}
          <AnswerText store={store} message={message} run={run} />
          {streaming && !message.content && <Waiting store={store} run={run} name={name} />}
          {run && <ToolQuestions store={store} run={run} />}
          {failure && !stopped && !streaming && (
            <div className={cx(message.content && "mt-3")}>
              <ErrorCard
                failure={failure}
                agentId={agent?.agent_id ?? null}
                onRetry={retry}
                retrying={retrying}
              />
            </div>
          )}
        </div>
        {!streaming && (
          <div className="mt-1 flex min-h-8 flex-wrap items-center gap-x-2 text-[0.8rem] text-ink-faint">
            {stopped && (
              <span className="inline-flex items-center gap-1.5">
                <Square aria-hidden className="size-3" />
                {t("chat.stopped")}
              </span>
            )}
            <Facts message={message} run={run} />
            <div
              className={cx(
                "flex transition-opacity focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100",
                !last && "opacity-0",
              )}
            >
              {message.content && <CopyButton text={message.content} label={t("chat.copyMessage")} />}
              {stopped && retry && (
                <IconButton
                  icon={RotateCcw}
                  label={t("chat.retry")}
                  size="sm"
                  disabled={retrying}
                  onClick={retry}
                />
              )}
            </div>
          </div>
        )}
      </div>
    </div>
  );
}

/** A deleted agent is still called by its handle; the orchestrator is no agent of the list. */
function nameOf(agentId: string | null): string | null {
  const handle = agentId?.replace(/^user\d+_/, "");
  return handle === "orchestrator" ? null : (handle ?? null);
}

/** Cost, tokens and time of an answer, as far as they are known. */
function Facts({ message, run }: { message: Message; run: LiveRun | undefined }) {
  const { t, i18n } = useTranslation();
  const seconds = run ? secondsBetween(run.created_at, run.finished_at, i18n.language) : null;
  const facts = [
    message.cost,
    message.usage &&
      t("chat.tokens", {
        input: wholeNumber(message.usage.input_tokens, i18n.language),
        output: wholeNumber(message.usage.output_tokens, i18n.language),
      }),
    seconds && t("chat.seconds", { seconds }),
  ].filter(Boolean);
  return facts.length > 0 && <span className="tabular-nums">{facts.join(" · ")}</span>;
}

function useRetry(runId: string | null, onRetried: () => void) {
  const { t } = useTranslation();
  const toast = useToast();
  const [retrying, setRetrying] = useState(false);
  if (!runId) return { retry: undefined, retrying };
  const retry = async () => {
    setRetrying(true);
    try {
      await retryRun(runId);
      onRetried();
    } catch (error) {
      toast({ title: errorText(t, error) });
    } finally {
      setRetrying(false);
    }
  };
  return { retry, retrying };
}
