import { type Edge, type Node, ReactFlow, type ReactFlowInstance } from "@xyflow/react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { PlanTask } from "@/api/types";
import { layoutOf } from "./layout";
import { type NodeData, TaskNode } from "./TaskNode";
import type { PlanViewProps } from "./types";
import { firstViewport, heightFor, sizesFor } from "./viewport";
import "@xyflow/react/dist/base.css";
import "./graph.css";

const NODE_TYPES = { task: TaskNode };
type Flow = ReactFlowInstance<Node<NodeData>, Edge>;

/** The tasks of a plan and what waits for what, from left to right. `tall` fills the place it is given. */
export default function PlanGraph({
  tasks,
  selected,
  onOpen,
  facts,
  tall,
}: PlanViewProps & { tall?: boolean }) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const flow = useRef<Flow | null>(null);
  const [width, setWidth] = useState(0);
  const sizes = sizesFor(tasks.length);
  const layout = useMemo(() => layoutOf(tasks, sizes), [tasks, sizes]);
  const shape = layout.places.map(({ id }) => id).join();

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the reader's place is kept until the graph or its room changes
  useEffect(() => {
    if (box.current) void flow.current?.setViewport(firstViewport(layout, box.current));
  }, [width, shape]);

  const nodes = useMemo(
    () =>
      layout.places.map(
        (place): Node<NodeData> => ({
          id: place.id,
          type: "task",
          position: place,
          width: sizes.width,
          height: sizes.height,
          // Nodes that cannot be dragged would let the pointer through.
          style: { pointerEvents: "all" },
          data: { task: taskBy(tasks, place.id), tasks, selected: place.id === selected, onOpen, facts },
        }),
      ),
    [layout, sizes, tasks, selected, onOpen, facts],
  );
  const edges = useMemo(() => edgesOf(tasks), [tasks]);

  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of tasks, not of form fields
    <div
      ref={box}
      role="group"
      aria-label={t("plan.graph")}
      className="plan-graph relative"
      style={{ height: tall ? "100%" : heightFor(layout, width) }}
    >
      {width > 0 && (
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={NODE_TYPES}
          onInit={(instance) => {
            flow.current = instance;
            if (box.current) void instance.setViewport(firstViewport(layout, box.current));
          }}
          minZoom={0.3}
          maxZoom={1.5}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          disableKeyboardA11y
          zoomOnScroll={tall === true}
          zoomOnDoubleClick={false}
          preventScrolling={tall === true}
        />
      )}
    </div>
  );
}

function taskBy(tasks: readonly PlanTask[], id: string): PlanTask {
  const task = tasks.find((candidate) => candidate.id === id);
  if (!task) throw new Error("the layout knows only tasks of its plan");
  return task;
}

function edgesOf(tasks: readonly PlanTask[]): Edge[] {
  const ids = new Set(tasks.map((task) => task.id));
  return tasks.flatMap((task) =>
    task.depends_on
      .filter((id) => ids.has(id))
      .map((source) => ({
        id: `${source}>${task.id}`,
        source,
        target: task.id,
        focusable: false,
        className: task.status === "running" ? "plan-edge-live" : undefined,
      })),
  );
}
