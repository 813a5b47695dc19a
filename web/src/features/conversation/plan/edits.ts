import type { DraftTask, PlanTask } from "@/api/types";
import { sumOfCosts } from "@/lib/format";

/** What the user changed in a proposed plan, by task. */
export interface Edits {
  dropped: readonly string[];
  instructions: Readonly<Record<string, string>>;
  /** Handles. */
  agents: Readonly<Record<string, string>>;
}

export const NO_EDITS: Edits = { dropped: [], instructions: {}, agents: {} };

/** The task as it would run; null when it is left out. */
export function editedTask(task: PlanTask, edits: Edits): PlanTask | null {
  if (edits.dropped.includes(task.id)) return null;
  const instruction = edits.instructions[task.id] ?? task.instruction;
  const agent = edits.agents[task.id] ?? task.agent;
  return instruction === task.instruction && agent === task.agent ? task : { ...task, instruction, agent };
}

export const isChanged = (task: PlanTask, edits: Edits) => editedTask(task, edits) !== task;

export const isEdited = (tasks: readonly PlanTask[], edits: Edits) =>
  tasks.some((task) => isChanged(task, edits));

/** The plan as it goes to the server. What waited for a task that is left out waits for it no more. */
export function draftOf(tasks: readonly PlanTask[], edits: Edits): DraftTask[] {
  const kept = tasks.flatMap((task) => editedTask(task, edits) ?? []);
  return kept.map(({ id, agent, instruction, depends_on }) => ({
    id,
    agent,
    instruction: instruction.trim(),
    depends_on: depends_on.filter((needed) => !edits.dropped.includes(needed)),
  }));
}

/** The plan's expected cost without the tasks left out, as the planner's agents would do it; null: not known. */
export function costWithout(total: string | null, tasks: readonly PlanTask[], edits: Edits): string | null {
  if (total === null) return null;
  const left = tasks.filter((task) => edits.dropped.includes(task.id)).map((task) => task.estimate.cost);
  if (left.includes(null)) return null;
  const saved = sumOfCosts(left);
  if (saved === null) return total;
  const rest = Number(total.slice(1)) - Number(saved.slice(1));
  return `$${Math.max(0, rest).toFixed(6)}`;
}

/** Tasks whose instruction was emptied: they cannot be sent. */
export const emptied = (tasks: readonly PlanTask[], edits: Edits) =>
  tasks.filter((task) => editedTask(task, edits)?.instruction.trim() === "").map((task) => task.id);

export interface Problems {
  byTask: Record<string, string>;
  rest: string[];
}

/** The server's complaints at the tasks they are about: by place in the list that was sent, or by the id they name. */
export function problemsOf(fields: Record<string, string>, sent: readonly DraftTask[]): Problems {
  const problems: Problems = { byTask: {}, rest: [] };
  for (const [field, messages] of Object.entries(fields)) {
    const place = /tasks[.[](\d+)/.exec(field)?.[1];
    for (const message of messages.split("\n")) {
      const named = /(?:task|задача)\s+['"‘“«]([\w.-]+)['"’”»]/i.exec(message)?.[1];
      const id =
        (place === undefined ? undefined : sent[Number(place)]?.id) ??
        sent.find((task) => task.id === named)?.id;
      if (id === undefined) problems.rest.push(message);
      else problems.byTask[id] = [problems.byTask[id], message].filter(Boolean).join(" ");
    }
  }
  return problems;
}
