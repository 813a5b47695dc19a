import type { TFunction } from "i18next";
import { ApiError, NetworkError } from "@/api/problem";
import type { LaterTexts } from "@/lib/i18n/later.en";

type Known = Exclude<keyof LaterTexts["errors"], "do" | `open${string}`>;
type Advised = keyof LaterTexts["errors"]["do"];

const KNOWN: readonly string[] = [
  "model_unreachable",
  "model_timeout",
  "model_key_refused",
  "model_key_missing",
  "model_unknown",
  "model_rate_limited",
  "model_overloaded",
  "model_bad_answer",
  "model_context_too_long",
  "model_refused",
  "budget_exceeded",
  "limit_reached",
  "agent_inactive",
  "agent_deleted",
  "interrupted",
  "no_plan",
  "internal",
];
const ADVISED: readonly string[] = [
  "model_unreachable",
  "model_timeout",
  "model_key_refused",
  "model_key_missing",
  "model_unknown",
  "model_rate_limited",
  "model_overloaded",
  "model_context_too_long",
  "budget_exceeded",
  "interrupted",
];

export function failureTitle(t: TFunction, code: string): string {
  return KNOWN.includes(code) ? t(`errors.${code as Known}`) : t("errors.unknown");
}

export function failureAdvice(t: TFunction, code: string): string | null {
  return ADVISED.includes(code) ? t(`errors.do.${code as Advised}`) : null;
}

export const needsModels = (code: string) =>
  ["model_key_refused", "model_key_missing", "model_unreachable"].includes(code);

/** Whether the orchestrator's own settings may help when the orchestrator has failed. */
export const needsOrchestrator = (code: string) => code === "no_plan" || needsAgent(code);

export const needsBudget = (code: string) => code === "budget_exceeded";

export const needsAgent = (code: string) =>
  [
    "model_unknown",
    "model_unreachable",
    "model_timeout",
    "model_context_too_long",
    "model_bad_answer",
  ].includes(code);

/** Any error of a request in words. */
export function errorText(t: TFunction, error: unknown): string {
  if (error instanceof NetworkError) return t("errors.network");
  if (error instanceof ApiError) return error.detail || error.title || t("errors.unknown");
  return t("errors.unknown");
}
