import type { TFunction } from "i18next";
import type { Estimate, PlanTask } from "@/api/types";
import { duration, shortMoney } from "@/lib/format";

/** What is expected to be spent: "about $0.12 ($0.08–$0.20)". */
export function costText(t: TFunction, estimate: Estimate): string {
  if (estimate.cost === null) return t("plan.priceUnknown");
  const about = t("plan.about", { value: shortMoney(estimate.cost) });
  if (estimate.cost_low === null || estimate.cost_high === null) return about;
  const [low, high] = [shortMoney(estimate.cost_low), shortMoney(estimate.cost_high)];
  return low === high ? about : `${about} (${low}–${high})`;
}

/** How long it is expected to take: "about 1 min 20 sec (50 sec–2 min)". */
export function timeText(t: TFunction, estimate: Estimate, language: string): string {
  const about = t("plan.about", { value: duration(estimate.seconds, language) });
  if (estimate.seconds_low === null || estimate.seconds_high === null) return about;
  const [low, high] = [duration(estimate.seconds_low, language), duration(estimate.seconds_high, language)];
  return low === high ? about : `${about} (${low}–${high})`;
}

/** One task's expected cost and time in a few characters. */
export function briefEstimate(t: TFunction, estimate: Estimate, language: string): string {
  const cost = estimate.cost === null ? t("plan.priceUnknown") : `≈ ${shortMoney(estimate.cost)}`;
  return `${cost} · ${duration(estimate.seconds, language)}`;
}

/** What a task came to, in a few characters; empty while that is not known. `place`: a node has little room. */
export function briefActual(t: TFunction, task: PlanTask, language: string, place: "node" | "list"): string {
  const actual = task.actual;
  if (!actual) return "";
  const tokens = actual.input_tokens + actual.output_tokens;
  return [
    actual.seconds !== null && duration(actual.seconds, language),
    actual.cost === null ? t("plan.priceUnknown") : shortMoney(actual.cost),
    place === "list" && tokens > 0 && t("plan.tokens", { count: tokens }),
  ]
    .filter(Boolean)
    .join(" · ");
}
