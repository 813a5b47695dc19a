import type { LiveCall } from "@/live/calls";

/** A stretch of an answer, and the calls that were made before it. */
export interface Part {
  calls: readonly LiveCall[];
  text: string;
}

/**
 * An answer cut where its tools were called, so that no line pushes down what is being read. Calls whose place nobody
 * saw stand before everything.
 */
export function partsOf(content: string, calls: readonly LiveCall[]): Part[] {
  const cuts = [...new Set(calls.map((call) => placeOf(call, content)))].sort((left, right) => left - right);
  const starts = cuts[0] === 0 ? cuts : [0, ...cuts];
  return starts.map((start, index) => ({
    calls: calls.filter((call) => placeOf(call, content) === start),
    text: content.slice(start, starts[index + 1]),
  }));
}

const placeOf = (call: LiveCall, content: string) => Math.min(call.after ?? 0, content.length);
