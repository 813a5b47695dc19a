import { describe, expect, it } from "vitest";
import { CHUNK, chunksOf, guessHeight } from "@/features/conversation/chunks";

const ids = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => String(from + index));

describe("chunks of messages", () => {
  it("hold every message once and in order", () => {
    const order = ids(0, 113);
    expect(chunksOf(order, 7).flat()).toEqual(order);
    expect(chunksOf([], 0)).toEqual([]);
  });

  it("keep their borders when pages are put above and messages below", () => {
    const before = chunksOf(ids(1000, 1060), 0);
    const after = chunksOf(ids(950, 1065), 50);
    expect(after.slice(2, 4)).toEqual(before.slice(0, 2));
    expect(after.at(-1)?.[0]).toBe(before.at(-1)?.[0]);
    expect(after.slice(0, 2).map((chunk) => chunk.length)).toEqual([CHUNK, CHUNK]);
  });

  it("are guessed to be the higher the more they hold", () => {
    expect(guessHeight(["short"])).toBeLessThan(guessHeight(["long ".repeat(200)]));
    expect(guessHeight([])).toBe(0);
  });
});
