import { describe, expect, it } from "vitest";
import type { UsageRow } from "@/api/types";
import { chartOf, daysOf, groupsOf, lastDays, OTHERS } from "@/features/usage/rows";

const row = (day: string, agent: string, cost: string | null, change: Partial<UsageRow> = {}): UsageRow => ({
  day,
  agent_id: `user1_${agent}`,
  provider: "openai",
  model: "m",
  calls: 1,
  input_tokens: 10,
  output_tokens: 5,
  cost,
  unpriced_calls: cost === null ? 1 : 0,
  ...change,
});

describe("usage", () => {
  it("is added up exactly, the dearest first", () => {
    const rows = [
      row("2026-11-01", "a", "$0.10"),
      row("2026-11-02", "b", "$0.25"),
      row("2026-11-02", "a", "$0.20"),
    ];
    expect(groupsOf(rows, "agent").map(({ key, cost, calls }) => [key, cost, calls])).toEqual([
      ["a", "$0.30", 2],
      ["b", "$0.25", 1],
    ]);
    expect(groupsOf(rows, "day").map(({ key }) => key)).toEqual(["2026-11-02", "2026-11-01"]);
    expect(groupsOf(rows, "model").map(({ key }) => key)).toEqual(["openai · m"]);
  });

  it("of unknown price is not free", () => {
    expect(groupsOf([row("2026-11-01", "a", null)], "agent")[0]).toMatchObject({ cost: null, unpriced: 1 });
  });

  it("has a bar for every day, also for those without", () => {
    const rows = [row("2026-11-02", "a", "$0.10")];
    const { days, series } = chartOf(rows, "agent", "cost", "2026-11-01", "2026-11-03");
    expect(series).toEqual(["a"]);
    expect(days.map(({ values }) => values.a)).toEqual([0, 0.1, 0]);
  });

  it("puts the many small ones together", () => {
    const rows = ["a", "b", "c", "d", "e", "f"].map((name, index) =>
      row("2026-11-01", name, `$0.${9 - index}0`),
    );
    const { days, series } = chartOf(rows, "agent", "tokens", "2026-11-01", "2026-11-01");
    expect(series).toEqual(["a", "b", "c", "d", OTHERS]);
    expect(days[0]?.values[OTHERS]).toBe(30);
  });

  it("counts days in UTC, both ends included", () => {
    expect(daysOf("2026-02-27", "2026-03-01")).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
    expect(daysOf("2026-03-02", "2026-03-01")).toEqual([]);
    expect(lastDays(7, Date.parse("2026-11-25T23:59:59Z"))).toEqual({
      since: "2026-11-19",
      until: "2026-11-25",
    });
  });
});
