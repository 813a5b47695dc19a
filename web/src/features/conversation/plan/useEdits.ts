import { useMemo, useSyncExternalStore } from "react";
import { readStored, writeStored } from "@/lib/storage";
import { type Edits, NO_EDITS } from "./edits";

const session = () => sessionStorage;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The changes to one proposed plan; they survive a reload, and the answer of another window. */
export function useEdits(approvalId: string) {
  const key = `artel.approval.${approvalId}`;
  const stored = useSyncExternalStore(subscribe, () => readStored(key, session));
  const edits = useMemo(() => parsed(stored), [stored]);
  const setEdits = (next: Edits) => {
    writeStored(key, next === NO_EDITS ? null : JSON.stringify(next), session);
    for (const listener of listeners) listener();
  };
  return {
    edits,
    setInstruction: (id: string, text: string) =>
      setEdits({ ...edits, instructions: { ...edits.instructions, [id]: text } }),
    setAgent: (id: string, handle: string) =>
      setEdits({ ...edits, agents: { ...edits.agents, [id]: handle } }),
    setDropped: (id: string, dropped: boolean) =>
      setEdits({
        ...edits,
        dropped: dropped ? [...edits.dropped, id] : edits.dropped.filter((other) => other !== id),
      }),
    forget: () => setEdits(NO_EDITS),
  };
}

export type EditsControl = ReturnType<typeof useEdits>;

function parsed(stored: string | null): Edits {
  try {
    return (JSON.parse(stored ?? "null") as Edits | null) ?? NO_EDITS;
  } catch {
    return NO_EDITS;
  }
}
