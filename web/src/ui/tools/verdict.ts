import type { TFunction } from "i18next";
import type { Approval } from "@/api/types";

/** What the server keeps of a yes. */
interface Yes {
  remember?: string;
  edited?: unknown;
  result?: { value?: unknown };
}

export const yesOf = (detail: unknown): Yes =>
  typeof detail === "object" && detail !== null ? (detail as Yes) : {};

/** How something was decided, in a sentence; null while it is not. */
export function verdictOf(
  t: TFunction,
  status: Approval["status"],
  reason: string | null | undefined,
  detail: unknown,
): string | null {
  if (status === "pending") return null;
  if (status === "rejected" && reason) return t("call.decision.rejectedBecause", { reason });
  if (status !== "confirmed") return t(`call.decision.${status}`);
  const { remember, edited } = yesOf(detail);
  const remembered = remember === "session" || remember === "always" ? remember : null;
  const told = t(`call.decision.${remembered ?? "confirmed"}`);
  return edited ? `${told} ${t("call.decision.edited")}` : told;
}

/** A result without the ids of its files: they are for the model. */
export function withoutFiles(result: unknown): unknown {
  if (typeof result !== "object" || result === null || !("file_ids" in result)) return result;
  const { file_ids: _ids, ...rest } = result;
  return rest;
}
