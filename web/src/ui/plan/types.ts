import type { ReactNode } from "react";
import type { PlanTask } from "@/api/types";

export interface PlanViewProps {
  tasks: readonly PlanTask[];
  /** Id of the task that is open beside the plan. */
  selected?: string | null;
  /** Opens a task; without it tasks cannot be opened. */
  onOpen?: (id: string) => void;
  /** The figures under a task: its estimate, what it has used so far, or what it came to. */
  facts: (task: PlanTask, place: "node" | "list") => ReactNode;
}
