import { describe, expect, it } from "vitest";
import { ageOf, secondsBetween, shortTime, sumOfCosts } from "@/lib/format";
import { hueOf, initialsOf } from "@/lib/hue";

describe("sums of costs", () => {
  it.each([
    [["$0.000412", "$0.000588"], "$0.00100".slice(0, 6)],
    [["$0.1", "$0.2"], "$0.30"],
    [["$12.00", null, "$0.000001"], "$12.000001"],
    [["$0.00"], "$0.00"],
  ])("of %j are exact", (costs, sum) => expect(sumOfCosts(costs)).toBe(sum));
  it("are unknown when nothing is known", () => expect(sumOfCosts([null])).toBeNull());
});

describe("moments", () => {
  const now = new Date(2026, 10, 22, 12);
  const at = (day: number, hour = 10) => new Date(2026, 10, day, hour).toISOString();
  it.each([
    [at(22, 0), "today"],
    [at(21, 23), "yesterday"],
    [at(16), "week"],
    [at(1), "earlier"],
  ])("%s belong under %s", (iso, age) => expect(ageOf(iso, now)).toBe(age));
  it("of today are times, others dates", () => {
    expect(shortTime(at(22), "en", now)).toMatch(/10:00/);
    expect(shortTime(at(1), "en", now)).toContain("Nov 1");
    expect(shortTime("2024-03-05T10:00:00Z", "en", now)).toContain("2024");
  });
  it("are seconds apart", () => {
    expect(secondsBetween("2026-01-01T00:00:00Z", "2026-01-01T00:00:01.250Z", "en")).toBe("1.3");
    expect(secondsBetween("2026-01-01T00:00:00Z", null, "en")).toBeNull();
    expect(secondsBetween("2026-01-01T00:00:09Z", "2026-01-01T00:00:01Z", "en")).toBeNull();
  });
});

describe("an agent's mark", () => {
  it("is one or two letters", () => {
    expect(initialsOf("Coder")).toBe("C");
    expect(initialsOf("деловой писатель")).toBe("ДП");
    expect(initialsOf("🤖 bot")).toBe("🤖B");
  });
  it("has a steady colour", () => {
    expect(hueOf("coder")).toBe(hueOf("coder"));
    expect(hueOf("coder")).not.toBe(hueOf("writer"));
  });
});
