import { duration, shortMoney } from "@/lib/format";
import type { LiveCall } from "@/live/calls";

/** Shorter than this is no time at all. */
const NOTHING_MS = 50;

/** How long a call took and what it cost, as far as that is worth telling. */
export const callFacts = ({ duration_ms, cost }: LiveCall, language: string): string =>
  [
    duration_ms !== null && duration_ms >= NOTHING_MS && duration(duration_ms / 1000, language),
    cost !== null && shortMoney(cost),
  ]
    .filter(Boolean)
    .join(" · ");
