import type { MemoryQuery } from "@/api/memory";
import type { Memory } from "@/api/types";

export const KINDS: readonly Memory["kind"][] = [
  "message",
  "fact",
  "note",
  "summary",
  "file",
  "tool",
  "task",
];
export type Span = "day" | "week" | "month" | "year";
/** How many days each of them is. */
const DAYS: Record<Span, number> = { day: 1, week: 7, month: 30, year: 365 };
export const SPANS = Object.keys(DAYS) as Span[];

/** What the page shows, as its address tells it. */
export interface Filter {
  q: string;
  chat: number | null;
  agent: string | null;
  kind: Memory["kind"] | null;
  /** How far back. */
  span: Span | null;
  /** Also facts that no longer hold. */
  old: boolean;
}

export const ALL: Filter = { q: "", chat: null, agent: null, kind: null, span: null, old: false };

/** The filter in an address such as "q=dog&chat=12"; what makes no sense there is left out. */
export function filterOf(search: string): Filter {
  const given = new URLSearchParams(search);
  const chat = given.get("chat") ?? "";
  return {
    q: given.get("q") ?? "",
    chat: /^\d{1,16}$/.test(chat) ? Number(chat) : null,
    agent: given.get("agent") || null,
    kind: KINDS.find((kind) => kind === given.get("kind")) ?? null,
    span: SPANS.find((span) => span === given.get("span")) ?? null,
    old: given.get("old") === "1",
  };
}

/** The address's part for a filter, with its question mark; empty when everything is shown. */
export function searchOf({ q, chat, agent, kind, span, old }: Filter): string {
  const given = Object.entries({ q: q.trim(), chat, agent, kind, span, old: old ? "1" : null });
  const told = given.flatMap(([name, value]) => (value ? [[name, String(value)]] : []));
  return told.length > 0 ? `?${new URLSearchParams(told)}` : "";
}

/** What the server is asked for. Days begin at the user's midnight, so that a list's name holds for a day. */
export function queryOf({ q, chat, agent, kind, span, old }: Filter, now = new Date()): MemoryQuery {
  const since = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1 - (span ? DAYS[span] : 0));
  return {
    q: q.trim() || null,
    session_id: chat,
    agent_id: agent,
    kind,
    since: span && since.toISOString(),
    superseded: old,
  };
}

export const isFiltered = ({ chat, agent, kind, span }: Filter) =>
  chat !== null || agent !== null || kind !== null || span !== null;
