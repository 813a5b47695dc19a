import type { AdminSettings, LimitName, Limits } from "@/api/admin";

export const LIMITS: readonly LimitName[] = [
  "runs_hour",
  "runs_day",
  "tokens_day",
  "tokens_month",
  "storage_mb",
  "agents",
  "streams",
  "requests_minute",
];

/** What holds for whoever has no limits of their own. */
export function behind(settings: AdminSettings | undefined): Partial<Limits> {
  if (!settings) return {};
  return Object.fromEntries(
    LIMITS.map((name) => [name, settings.limits[name] ?? settings.environment_limits[name]]),
  );
}

export type Kind = "usual" | "unlimited" | "number";

/** One limit as it is being edited. */
export interface Edited {
  kind: Kind;
  text: string;
}

export function edited(limits: Partial<Limits>): Record<LimitName, Edited> {
  const of = (name: LimitName): Edited => {
    const value = limits[name] ?? null;
    if (value === null) return { kind: "usual", text: "" };
    return value === "unlimited" ? { kind: "unlimited", text: "" } : { kind: "number", text: String(value) };
  };
  return Object.fromEntries(LIMITS.map((name) => [name, of(name)])) as Record<LimitName, Edited>;
}

export const isWrong = ({ kind, text }: Edited) => kind === "number" && !/^\d{1,15}$/.test(text.trim());

export const limitOf = ({ kind, text }: Edited) =>
  kind === "number" ? Number(text.trim()) : kind === "unlimited" ? kind : null;
