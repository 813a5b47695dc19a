import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { useTranslation } from "react-i18next";
import type { PlanTask } from "@/api/types";
import { cx } from "@/lib/cx";
import { AgentAvatar } from "@/ui/AgentAvatar";
import { StatusMark } from "./status";
import type { PlanViewProps } from "./types";
import { isCompact } from "./viewport";
import { taskLabel } from "./words";

export interface NodeData extends Record<string, unknown> {
  task: PlanTask;
  tasks: readonly PlanTask[];
  selected: boolean;
  onOpen: PlanViewProps["onOpen"];
  facts: PlanViewProps["facts"];
}

const FRAMES: Partial<Record<PlanTask["status"], string>> = {
  running: "border-accent",
  failed: "border-danger",
  skipped: "border-dashed border-line-strong/60",
  cancelled: "border-dashed border-line-strong/60",
};

/** One task in the graph: who, what, how it goes. Its size is fixed, so that nothing moves while it works. */
export function TaskNode({ data }: NodeProps<Node<NodeData>>) {
  const { t, i18n } = useTranslation();
  const { task, tasks, selected, onOpen, facts } = data;
  const compact = isCompact(tasks.length);
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <button
        type="button"
        disabled={!onOpen}
        aria-label={taskLabel(t, task, tasks, i18n.language)}
        aria-pressed={onOpen ? selected : undefined}
        title={task.instruction}
        onClick={() => onOpen?.(task.id)}
        className={cx(
          "nopan flex size-full flex-col overflow-hidden rounded-xl border bg-canvas px-2.5 py-2 text-left transition-colors",
          onOpen && "hover:bg-hover",
          FRAMES[task.status] ?? "border-line-strong/45",
          selected && "outline-2 outline-accent",
        )}
      >
        <span className="flex w-full items-center gap-1.5">
          <AgentAvatar name={task.agent} seed={task.agent} size="xs" />
          <span className="min-w-0 flex-1 truncate font-medium text-[0.8rem]">@{task.agent}</span>
          <StatusMark status={task.status} brief />
        </span>
        <span
          className={cx(
            "mt-1 w-full flex-1 break-words text-[0.8rem] text-ink-soft leading-snug",
            compact ? "line-clamp-1" : "line-clamp-2",
          )}
        >
          {task.instruction}
        </span>
        {!compact && <span className="mt-1 w-full truncate text-[0.76rem]">{facts(task, "node")}</span>}
      </button>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </>
  );
}
