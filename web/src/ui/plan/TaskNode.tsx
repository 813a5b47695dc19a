import { Handle, type Node, type NodeProps, Position, useReactFlow } from "@xyflow/react";
import { useTranslation } from "react-i18next";
import type { PlanTask } from "@/api/types";
import { cx } from "@/lib/cx";
import { AgentAvatar } from "@/ui/AgentAvatar";
import { StatusMark } from "./status";
import type { PlanViewProps } from "./types";
import { isCompact } from "./viewport";
import { afterText, numberOf } from "./words";

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
export function TaskNode({
  data,
  positionAbsoluteX,
  positionAbsoluteY,
  width,
  height,
}: NodeProps<Node<NodeData>>) {
  const flow = useReactFlow();
  const { t, i18n } = useTranslation();
  const { task, tasks, selected, onOpen, facts } = data;
  const compact = isCompact(tasks.length);
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <button
        type="button"
        disabled={!onOpen}
        aria-pressed={onOpen ? selected : undefined}
        title={task.instruction}
        onClick={() => onOpen?.(task.id)}
        onFocus={({ currentTarget: node }) => {
          if (!node.matches(":focus-visible") || isInView(node)) return;
          const [x, y] = [positionAbsoluteX + (width ?? 0) / 2, positionAbsoluteY + (height ?? 0) / 2];
          void flow.setCenter(x, y, { zoom: flow.getZoom() });
        }}
        className={cx(
          "nopan flex size-full flex-col overflow-hidden rounded-xl border bg-canvas px-2.5 py-2 text-left transition-colors",
          onOpen && "hover:bg-sunken",
          FRAMES[task.status] ?? "border-line-strong/45",
          selected && "outline-2 outline-accent",
        )}
      >
        <span className="flex w-full items-center gap-1.5">
          <AgentAvatar name={task.agent} seed={task.agent} size="xs" />
          <span className="sr-only">
            {t("plan.taskOf", { number: numberOf(tasks, task.id) ?? 0, count: tasks.length })},
          </span>
          <span className="min-w-0 flex-1 truncate font-medium text-[0.87rem]">@{task.agent}</span>
          <StatusMark status={task.status} brief />
          <span className="sr-only">{afterText(t, task, tasks, i18n.language)}</span>
        </span>
        <span className="mt-1 min-h-0 w-full flex-1">
          <span
            className={cx(
              "text-[0.87rem] text-ink-soft leading-snug",
              compact ? "block truncate" : "line-clamp-3 break-words",
            )}
          >
            {task.instruction}
          </span>
        </span>
        {!compact && <span className="mt-1 w-full truncate text-[0.8rem]">{facts(task, "node")}</span>}
      </button>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </>
  );
}

/** Whether all of a node can be seen in its graph: the keyboard may lead to one that cannot. */
function isInView(node: HTMLElement): boolean {
  const [inner, outer] = [node.getBoundingClientRect(), node.closest(".plan-graph")?.getBoundingClientRect()];
  if (!outer) return true;
  const across = inner.left >= outer.left && inner.right <= outer.right;
  return across && inner.top >= outer.top && inner.bottom <= outer.bottom;
}
