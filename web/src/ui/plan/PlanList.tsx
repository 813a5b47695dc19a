import { useTranslation } from "react-i18next";
import type { PlanTask } from "@/api/types";
import { cx } from "@/lib/cx";
import { AgentAvatar } from "@/ui/AgentAvatar";
import { StatusMark } from "./status";
import type { PlanViewProps } from "./types";
import { afterText } from "./words";

/** A longer list scrolls by itself, so that what stands below it stays near. */
const LONG = 10;

/** The tasks of a plan in their order: what phones show, and what reads best aloud. */
export function PlanList({ tasks, selected, onOpen, facts }: PlanViewProps) {
  return (
    <ol
      className={cx(
        "flex flex-col divide-y divide-line",
        tasks.length > LONG && "scroll-thin max-h-[min(34rem,60dvh)] overflow-y-auto",
      )}
    >
      {tasks.map((task, index) => (
        <li key={task.id}>
          {onOpen ? (
            <button
              type="button"
              aria-pressed={task.id === selected}
              onClick={() => onOpen(task.id)}
              className={cx(
                "w-full px-4 py-2.5 text-left transition-colors hover:bg-sunken focus-visible:outline-offset-[-2px]",
                task.id === selected && "bg-accent-soft",
              )}
            >
              <Entry task={task} number={index + 1} tasks={tasks} facts={facts} />
            </button>
          ) : (
            <div className="px-4 py-2.5">
              <Entry task={task} number={index + 1} tasks={tasks} facts={facts} />
            </div>
          )}
        </li>
      ))}
    </ol>
  );
}

interface EntryProps extends Pick<PlanViewProps, "tasks" | "facts"> {
  task: PlanTask;
  number: number;
}

function Entry({ task, number, tasks, facts }: EntryProps) {
  const { t, i18n } = useTranslation();
  const after = afterText(t, task, tasks, i18n.language);
  return (
    <span className="flex gap-2.5">
      <span aria-hidden className="w-5 shrink-0 pt-0.5 text-right text-[0.8rem] text-ink-soft tabular-nums">
        {number}
      </span>
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-center gap-x-2 gap-y-0.5">
          <AgentAvatar name={task.agent} seed={task.agent} size="xs" />
          <span className="truncate font-medium text-[0.87rem]">@{task.agent}</span>
          {after && <span className="text-[0.8rem] text-ink-soft">{after}</span>}
          <span className="ml-auto">
            <StatusMark status={task.status} />
          </span>
        </span>
        <span className="mt-0.5 line-clamp-2 break-words text-[0.9rem] text-ink-soft">
          {task.instruction}
        </span>
        <span className="mt-0.5 block text-[0.8rem]">{facts(task, "list")}</span>
      </span>
    </span>
  );
}
