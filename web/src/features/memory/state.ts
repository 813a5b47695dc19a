import type { TFunction } from "i18next";
import type { MemoryState } from "@/api/types";
import type { LaterTexts } from "@/lib/i18n/later.en";

type Reason = keyof LaterTexts["memory"]["reasons"];
const REASONS: readonly string[] = ["unreachable", "full", "lost", "embedder"];

/** What is wrong, in plain words. */
export const reasonOf = (t: TFunction, reason: string): string =>
  t(`memory.reasons.${(REASONS.includes(reason) ? reason : "unknown") as Reason}`);

/** How far a rebuild has come, 0 to 1; null when none is under way. */
export function shareOf({ status, progress, next_model, total, waiting }: MemoryState): number | null {
  if (next_model !== null) return progress ?? 0;
  if (status !== "rebuilding") return null;
  return progress ?? (total > 0 ? Math.max(0, 1 - waiting / total) : 0);
}
