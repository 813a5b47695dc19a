import { Hand } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useAgents } from "@/api/agents";
import type { ToolQuestion } from "@/api/types";
import { cx } from "@/lib/cx";
import type { LiveApproval, LiveRun } from "@/live/conversation";
import { useChatState, useSpace } from "@/live/LiveProvider";
import { planOf } from "@/live/plans";
import type { ConversationStore } from "@/live/store";
import { numberOf } from "@/ui/plan/words";
import { ToolDecision } from "@/ui/tools/ToolDecision";
import { useAnswers } from "@/ui/tools/useAnswers";
import { agentNameOf } from "@/ui/tools/useToolTitle";
import { AnsweredElsewhere } from "./AnsweredElsewhere";
import { TogetherBar } from "./TogetherBar";

interface ToolQuestionsProps {
  store: ConversationStore;
  run: LiveRun;
  /** Only of this task of the run's plan. */
  taskId?: string;
  /** Nobody is to be told twice that something waits. */
  brief?: boolean;
}

export type Question = LiveApproval & { tool: ToolQuestion };

const NONE = {};

/** The tool calls of a run that wait for their user, where their agent waits. */
export function ToolQuestions({ store, run, taskId, brief }: ToolQuestionsProps) {
  const { t, i18n } = useTranslation();
  const { answering } = useSpace();
  const answers = useAnswers();
  const { data: agents } = useAgents();
  const all = useChatState(store, (state) => state.conversation?.approvals ?? NONE);
  const mine = useMemo(() => questionsOf(all, run.id, taskId), [all, run.id, taskId]);
  const pending = mine.filter((question) => question.status === "pending");
  const seen = useSeen(pending);
  const box = useFocusKept(pending);
  const elsewhere = mine.filter(
    ({ id, status }) => status !== "pending" && status !== "cancelled" && seen.has(id) && !answering.has(id),
  );
  if (mine.length === 0 || (pending.length === 0 && elsewhere.length === 0 && !goesOn())) return null;
  const names = new Intl.ListFormat(i18n.language).format(
    new Set((pending.length > 0 ? pending : mine.slice(-1)).map(({ tool }) => agentNameOf(tool, agents))),
  );
  return (
    <div ref={box} tabIndex={-1} className="my-3 flex flex-col gap-3 outline-none max-sm:-ml-11">
      {!brief && pending.length > 0 && (
        <p className="flex min-h-7 items-center gap-2 text-[0.93rem] text-warn">
          <Hand aria-hidden className="size-4 shrink-0" />
          {t("ask.waiting", { name: names, count: pending.length })}
        </p>
      )}
      {elsewhere.map((question) => (
        <AnsweredElsewhere key={question.id} question={question} />
      ))}
      <TogetherBar questions={pending} answers={answers} />
      {pending.map((question) => (
        <ToolDecision
          key={question.id}
          approval={question}
          tool={question.tool}
          answers={answers}
          anchor={!brief}
          place={brief ? undefined : <Place store={store} question={question} />}
        />
      ))}
      {goesOn() && (
        <p className={cx("flex h-7 items-center gap-2.5 text-ink-soft", brief && "hidden")}>
          <span aria-hidden className="size-2 animate-dot rounded-full bg-accent" />
          {t("ask.answered", { name: names })}
        </p>
      )}
    </div>
  );

  /** Everything is answered, and the run has not gone on yet. */
  function goesOn(): boolean {
    return run.status === "waiting" && pending.length === 0 && mine.length > 0;
  }
}

export const questionsOf = (
  approvals: Readonly<Record<string, LiveApproval>>,
  runId: string | null,
  taskId?: string,
): Question[] =>
  Object.values(approvals).filter(
    (approval): approval is Question =>
      approval.tool !== null &&
      (runId === null || approval.run_id === runId) &&
      (taskId === undefined || approval.tool.task_id === taskId),
  );

function Place({ store, question }: { store: ConversationStore; question: Question }) {
  const { t } = useTranslation();
  const number = useChatState(store, (state) => {
    const taskId = question.tool.task_id;
    const plan = planOf(state.conversation?.plans ?? {}, question.run_id ?? "", taskId);
    return plan && plan.tasks.length > 1 ? numberOf(plan.tasks, taskId) : null;
  });
  return number === null ? null : <span>{t("ask.inTask", { number })}</span>;
}

/** Ids of all that ever waited while this page looked. */
function useSeen(pending: readonly Question[]): ReadonlySet<string> {
  const seen = useRef(new Set<string>());
  for (const { id } of pending) seen.current.add(id);
  return seen.current;
}

/** The buttons of a question go with it: whoever pressed one by keyboard goes on from the next one, or from here. */
function useFocusKept(pending: readonly Question[]) {
  const box = useRef<HTMLDivElement>(null);
  const before = useRef(pending.length);
  useEffect(() => {
    const fewer = pending.length < before.current;
    before.current = pending.length;
    if (!fewer || document.activeElement !== document.body) return;
    const next = box.current?.querySelector<HTMLElement>("article") ?? box.current;
    next?.focus({ preventScroll: true });
  }, [pending.length]);
  return box;
}
