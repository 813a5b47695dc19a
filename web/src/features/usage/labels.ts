import type { TFunction } from "i18next";
import type { Agent } from "@/api/types";
import { shortMoney } from "@/lib/format";
import { type Measure, OTHERS } from "./rows";

/** A day as the chart and the table write it. */
export const dayLabel = (day: string, language: string) =>
  new Intl.DateTimeFormat(language, { day: "numeric", month: "short", timeZone: "UTC" }).format(
    new Date(day),
  );

export const monthLabel = (month: string, language: string) =>
  new Intl.DateTimeFormat(language, { month: "long", year: "numeric", timeZone: "UTC" }).format(
    new Date(`${month}-01`),
  );

export function valueText(value: number, measure: Measure, language: string): string {
  if (measure === "cost") return shortMoney(`$${value}`);
  return new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** The name of a group of usage. */
export function nameOf(t: TFunction, key: string, agents: readonly Agent[]): string {
  if (key === OTHERS) return t("usage.other");
  if (key === "orchestrator") return t("app.orchestrator");
  return agents.find((agent) => agent.handle === key)?.name ?? (key || t("usage.nobody"));
}

export const colorOf = (index: number) => `var(--chart-${(index % 5) + 1})`;
