import { RotateCcw, Square, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { cancelTask, retryTask } from "@/api/plans";
import type { Plan, PlanTask } from "@/api/types";
import { useChatState } from "@/live/LiveProvider";
import { planOf } from "@/live/plans";
import type { ConversationStore } from "@/live/store";
import { workKey } from "@/live/works";
import { AgentAvatar } from "@/ui/AgentAvatar";
import { Button } from "@/ui/Button";
import { failureAdvice, failureTitle } from "@/ui/failures";
import { IconButton } from "@/ui/IconButton";
import { Notice } from "@/ui/Notice";
import { StatusMark } from "@/ui/plan/status";
import { numberOf } from "@/ui/plan/words";
import { RecalledMemories } from "../RecalledMemories";
import { ToolQuestions } from "../tools/ToolQuestions";
import { type TaskRef, useSelection } from "./selection";
import { TaskFigures } from "./TaskFigures";
import { Transcript } from "./Transcript";
import { useAct } from "./useAct";

/** Everything about one task of a plan, beside the conversation. */
export function TaskPanel({ store, at }: { store: ConversationStore; at: TaskRef }) {
  const { t } = useTranslation();
  const { open } = useSelection();
  const heading = useRef<HTMLHeadingElement>(null);
  const plan = useChatState(store, (state) => planOf(state.conversation?.plans ?? {}, at.runId, at.taskId));
  const run = useChatState(store, (state) => state.conversation?.runs[at.runId]);
  const heard = useChatState(
    store,
    (state) => state.conversation?.works[workKey(at.runId, at.taskId)]?.messageId,
  );
  const task = plan?.tasks.find((candidate) => candidate.id === at.taskId);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another task was opened
  useEffect(() => heading.current?.focus(), [at.taskId, at.runId]);

  if (!plan || !task) return null;
  const messageId = heard ?? task.message_id ?? "";
  return (
    <section
      aria-labelledby="task-title"
      className="scroll-thin flex h-full flex-col gap-5 overflow-y-auto p-5"
    >
      <header className="flex items-start gap-3">
        <AgentAvatar name={task.agent} seed={task.agent} size="md" />
        <div className="min-w-0 flex-1">
          <h2 id="task-title" ref={heading} tabIndex={-1} className="truncate font-semibold outline-none">
            {t("plan.taskOf", { number: numberOf(plan.tasks, task.id) ?? 0, count: plan.tasks.length })}
          </h2>
          <p className="flex flex-wrap items-center gap-x-2 text-[0.87rem] text-ink-soft">
            @{task.agent}
            <StatusMark status={task.status} />
            {task.attempt > 1 && t("task.attempt", { attempt: task.attempt })}
          </p>
        </div>
        <IconButton icon={X} label={t("task.close")} size="sm" onClick={() => open(null)} />
      </header>
      <Actions store={store} at={at} task={task} />
      {task.error && (
        <Notice tone="danger" title={failureTitle(t, task.error.code)}>
          {task.error.detail && <p>{task.error.detail}</p>}
          <p>{failureAdvice(t, task.error.code)}</p>
        </Notice>
      )}
      {task.status === "skipped" && <Notice tone="info">{t("plan.skippedWhy")}</Notice>}
      {run && task.status === "waiting" && <ToolQuestions store={store} run={run} taskId={at.taskId} brief />}
      <Part title={t("task.instruction")}>
        <p className="whitespace-pre-wrap break-words text-[0.93rem]">{task.instruction}</p>
      </Part>
      {task.depends_on.length > 0 && (
        <Part title={t("task.waitsFor")}>
          <div className="flex flex-wrap gap-1.5">
            {task.depends_on.map((id) => (
              <Button key={id} size="sm" onClick={() => open({ ...at, taskId: id })}>
                {numberOf(plan.tasks, id) ?? id}
                {handleIn(plan, id)}
              </Button>
            ))}
          </div>
        </Part>
      )}
      <TaskFigures task={task} />
      {task.status !== "proposed" && (
        <Part title={t("task.text")}>
          <RecalledMemories store={store} messageId={messageId} attempt={task.attempt} />
          <Transcript store={store} at={at} task={task} />
        </Part>
      )}
    </section>
  );
}

function handleIn(plan: Plan, id: string): string {
  const task = plan.tasks.find((candidate) => candidate.id === id);
  return task ? ` · @${task.agent}` : "";
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div>
      <h3 className="mb-1 text-[0.8rem] text-ink-faint">{title}</h3>
      {children}
    </div>
  );
}

const STOPPABLE: readonly PlanTask["status"][] = ["pending", "ready", "running", "waiting"];
const REPEATABLE: readonly PlanTask["status"][] = ["failed", "cancelled"];

function Actions({ store, at, task }: { store: ConversationStore; at: TaskRef; task: PlanTask }) {
  const { t } = useTranslation();
  const { busy, act } = useAct();
  if (STOPPABLE.includes(task.status)) {
    return (
      <Button
        size="sm"
        className="self-start"
        busy={busy}
        onClick={() => act(async () => store.adoptRun(await cancelTask(at.runId, at.taskId)))}
      >
        {!busy && <Square aria-hidden className="size-3.5" />}
        {t("task.stop")}
      </Button>
    );
  }
  if (!REPEATABLE.includes(task.status)) return null;
  return (
    <Button
      size="sm"
      className="self-start"
      busy={busy}
      onClick={() => act(async () => store.adoptRun(await retryTask(at.runId, at.taskId)))}
    >
      {!busy && <RotateCcw aria-hidden className="size-3.5" />}
      {t("task.retry")}
    </Button>
  );
}
