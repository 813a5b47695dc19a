import { Check, Pencil, Trash2, Undo2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Agent, PlanTask } from "@/api/types";
import { cx } from "@/lib/cx";
import { AgentAvatar } from "@/ui/AgentAvatar";
import { Button } from "@/ui/Button";
import { TextArea } from "@/ui/Field";
import { briefEstimate } from "@/ui/plan/figures";
import { afterText } from "@/ui/plan/words";
import { AgentSelect } from "./AgentSelect";
import { isChanged } from "./edits";
import type { EditsControl } from "./useEdits";

interface TaskEditorProps {
  task: PlanTask;
  number: number;
  tasks: readonly PlanTask[];
  agents: Agent[];
  control: EditsControl;
  /** It was chosen in the graph: it comes into view. */
  focused: boolean;
  problem: string | null;
  /** It is the first with a problem: it comes into view. */
  firstProblem: boolean;
}

/** One task of a proposed plan, to be reworded, given to another agent or left out. */
export function TaskEditor({
  task,
  number,
  tasks,
  agents,
  control,
  focused,
  problem,
  firstProblem,
}: TaskEditorProps) {
  const { t, i18n } = useTranslation();
  const { edits } = control;
  const [open, setOpen] = useState(false);
  const row = useRef<HTMLLIElement>(null);
  const dropped = edits.dropped.includes(task.id);
  const handle = edits.agents[task.id] ?? task.agent;
  const text = edits.instructions[task.id] ?? task.instruction;
  const after = afterText(t, task, tasks, i18n.language);

  useEffect(() => {
    if (!focused) return;
    row.current?.scrollIntoView({ block: "center" });
    row.current?.querySelector<HTMLElement>("select")?.focus({ preventScroll: true });
  }, [focused]);

  useEffect(() => {
    if (firstProblem) row.current?.scrollIntoView({ block: "center" });
  }, [firstProblem]);

  return (
    <li ref={row} className={cx("flex gap-2.5 px-4 py-3", problem && "bg-danger-soft")}>
      <span aria-hidden className="w-5 shrink-0 pt-1 text-right text-[0.8rem] text-ink-faint tabular-nums">
        {number}
      </span>
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <AgentAvatar name={handle} seed={handle} size="sm" />
          <AgentSelect
            label={t("approval.agent", { number })}
            value={handle}
            agents={agents}
            disabled={dropped}
            onChange={(next) => control.setAgent(task.id, next)}
          />
          {after && <span className="text-[0.8rem] text-ink-faint">{after}</span>}
          {(dropped || isChanged(task, edits)) && (
            <span className="rounded-md bg-warn-soft px-1.5 text-[0.78rem] text-warn">
              {t(dropped ? "approval.dropped" : "approval.changed")}
            </span>
          )}
          <span
            className={cx("ml-auto text-[0.8rem] text-ink-faint tabular-nums", dropped && "line-through")}
          >
            {handle === task.agent
              ? briefEstimate(t, task.estimate, i18n.language)
              : t("approval.estimateLater")}
          </span>
        </div>
        {open && !dropped ? (
          <TextArea
            autoFocus
            onFocus={(event) => event.target.setSelectionRange(text.length, text.length)}
            rows={4}
            aria-label={t("approval.instruction", { number })}
            aria-invalid={problem ? true : undefined}
            value={text}
            onChange={(event) => control.setInstruction(task.id, event.target.value)}
            onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
            className="mt-1.5 text-[0.9rem]"
          />
        ) : (
          <p
            className={cx(
              "mt-1 whitespace-pre-wrap break-words text-[0.9rem]",
              dropped ? "text-ink-faint line-through" : "text-ink-soft",
            )}
          >
            {text}
          </p>
        )}
        {problem && (
          <p role="alert" className="mt-1 text-[0.87rem] text-danger">
            {problem}
          </p>
        )}
        <div className="-ml-2.5 mt-0.5 flex flex-wrap">
          {!dropped && (
            <Button look="ghost" size="sm" aria-expanded={open} onClick={() => setOpen(!open)}>
              {open ? (
                <Check aria-hidden className="size-3.5" />
              ) : (
                <Pencil aria-hidden className="size-3.5" />
              )}
              {t(open ? "approval.rewordDone" : "approval.reword")}
            </Button>
          )}
          <Button look="ghost" size="sm" onClick={() => control.setDropped(task.id, !dropped)}>
            {dropped ? (
              <Undo2 aria-hidden className="size-3.5" />
            ) : (
              <Trash2 aria-hidden className="size-3.5" />
            )}
            {t(dropped ? "approval.restore" : "approval.drop")}
          </Button>
        </div>
      </div>
    </li>
  );
}
