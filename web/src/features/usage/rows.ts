import type { UsageRow } from "@/api/types";
import { amountOf, sumOfCosts } from "@/lib/format";

export const GROUPS = ["agent", "model", "day"] as const;
export type GroupBy = (typeof GROUPS)[number];
export const MEASURES = ["cost", "tokens"] as const;
export type Measure = (typeof MEASURES)[number];

export interface Group {
  key: string;
  calls: number;
  input: number;
  output: number;
  /** Exact; null: no price is known. */
  cost: string | null;
  unpriced: number;
}

export function keyOf(row: UsageRow, by: GroupBy): string {
  if (by === "day") return row.day ?? "";
  if (by === "agent") return row.agent_id?.replace(/^user\d+_/, "") ?? "";
  return [row.provider, row.model].filter(Boolean).join(" · ");
}

/** Rows added up by one key: the dearest first, or the newest day. */
export function groupsOf(rows: readonly UsageRow[], by: GroupBy): Group[] {
  const sorted = new Map<string, UsageRow[]>();
  for (const row of rows) {
    const key = keyOf(row, by);
    sorted.set(key, [...(sorted.get(key) ?? []), row]);
  }
  const groups = [...sorted].map(
    ([key, members]): Group => ({
      key,
      calls: sum(members, (row) => row.calls),
      input: sum(members, (row) => row.input_tokens),
      output: sum(members, (row) => row.output_tokens),
      cost: sumOfCosts(members.map((row) => row.cost)),
      unpriced: sum(members, (row) => row.unpriced_calls),
    }),
  );
  return groups.sort((left, right) =>
    by === "day"
      ? right.key.localeCompare(left.key)
      : worth(right) - worth(left) || tokens(right) - tokens(left),
  );
}

/** Colours for so many; the rest share one. */
export const SERIES = 5;
export const OTHERS = "*";

export interface ChartDay {
  day: string;
  values: Record<string, number>;
}

/** What each day of a period came to, by series; days without use are there too. */
export function chartOf(
  rows: readonly UsageRow[],
  by: GroupBy,
  measure: Measure,
  since: string,
  until: string,
): { days: ChartDay[]; series: string[] } {
  const all = by === "day" ? [""] : groupsOf(rows, by).map((group) => group.key);
  const named = all.length > SERIES ? all.slice(0, SERIES - 1) : all;
  const series = all.length > SERIES ? [...named, OTHERS] : named;
  const days = daysOf(since, until).map((day): ChartDay => {
    const values = Object.fromEntries(series.map((key) => [key, 0]));
    for (const row of rows) {
      if (row.day !== day) continue;
      const key = by === "day" ? "" : keyOf(row, by);
      const place = named.includes(key) ? key : OTHERS;
      values[place] = (values[place] ?? 0) + (measure === "cost" ? amountOf(row.cost) : tokensOf(row));
    }
    return { day, values };
  });
  return { days, series };
}

const DAY_MS = 86_400_000;
const MOST_DAYS = 400;

/** The days from one to another, both included, as "2026-11-25". */
export function daysOf(since: string, until: string): string[] {
  const first = Date.parse(since);
  const count = Math.floor((Date.parse(until) - first) / DAY_MS) + 1;
  if (!(count > 0)) return [];
  return Array.from({ length: Math.min(count, MOST_DAYS) }, (_, index) => dayOf(first + index * DAY_MS));
}

export const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);

/** The last so many days, today (UTC) included. */
export const lastDays = (count: number, now = Date.now()) => ({
  since: dayOf(now - (count - 1) * DAY_MS),
  until: dayOf(now),
});

const worth = (group: Group) => amountOf(group.cost);
const tokens = (group: Group) => group.input + group.output;
const tokensOf = (row: UsageRow) => row.input_tokens + row.output_tokens;
const sum = (rows: readonly UsageRow[], of: (row: UsageRow) => number) =>
  rows.reduce((total, row) => total + of(row), 0);
