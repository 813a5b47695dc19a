import { useMemo, useSyncExternalStore } from "react";
import { readStored, writeStored } from "@/lib/storage";
import type { LiveApproval } from "@/live/conversation";
import { argumentsOf, type Draft, draftOf, fieldsOf, isSame, type Read } from "./schema";

const session = () => sessionStorage;
const keyOf = (approvalId: string) => `artel.approval.${approvalId}`;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Changes to the arguments of one call that waits; they survive a reload. Null while nothing is being changed. */
export function useArgumentDraft(approvalId: string) {
  const stored = useSyncExternalStore(subscribe, () => readStored(keyOf(approvalId), session));
  const draft = useMemo(() => parsed(stored), [stored]);
  const setDraft = (next: Draft | null) => {
    writeStored(keyOf(approvalId), next && JSON.stringify(next), session);
    for (const listener of listeners) listener();
  };
  return { draft, setDraft };
}

/** The arguments as the user has left them; `edited` is absent where nothing was changed. */
export function editedOf(approval: LiveApproval): Read & { edited?: Record<string, unknown> } {
  const original = approval.tool?.arguments ?? {};
  const draft = parsed(readStored(keyOf(approval.id), session));
  if (!draft) return { args: original, problems: {} };
  const fields = fieldsOf(approval.tool?.arguments_schema ?? {}, original);
  const read = argumentsOf(fields, { ...draftOf(fields, original), ...draft }, original);
  return isSame(read.args, original) ? read : { ...read, edited: read.args };
}

export const forgetDraft = (approvalId: string) => writeStored(keyOf(approvalId), null, session);

function parsed(stored: string | null): Draft | null {
  try {
    return JSON.parse(stored ?? "null") as Draft | null;
  } catch {
    return null;
  }
}
