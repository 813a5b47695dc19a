import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "@/api/keys";
import type { History, Message } from "@/api/types";
import type { LiveEvent } from "@/live/events";
import { LiveSpace } from "@/live/space";
import { answer, history, question, run, runCompleted, SESSION } from "./builders";

const item = (id: string): Message["recalled"][number] => ({
  id,
  text: `text of ${id}`,
  score: null,
  why: "words",
  session_id: null,
  session_title: null,
  role: "user",
  agent_id: null,
  created_at: null,
});
const told = (...ids: string[]): History =>
  history({
    items: [
      question("q-r", "r"),
      answer("a-r", "r", { status: "complete", recalled: ids.map((id) => item(id)) }),
    ],
    runs: [run("r", { status: "completed" })],
  });
const changed = (reason: "forgotten" | "saved", ids: string[]): LiveEvent => ({
  type: "memory_changed",
  id: 101,
  session_id: null,
  run_id: null,
  ts: "2026-11-22T10:00:00Z",
  reason,
  ids,
});

/** A space whose server has this history; `now` gives it another. */
function spaceWith(first = told()) {
  let served = first;
  vi.stubGlobal("fetch", async () => Response.json(served));
  const client = new QueryClient();
  let reads = 0;
  const page = { queryKey: [...keys.memory, "list"], queryFn: () => ++reads, staleTime: Infinity };
  new QueryObserver(client, { ...page, initialData: 0 }).subscribe(() => undefined);
  const left = [...keys.memory, "left"];
  client.setQueryData(left, {});
  const space = new LiveSpace(1, client, () => undefined);
  const now = (later: History) => {
    served = later;
  };
  return { space, now, reads: () => reads, keepsLeft: () => client.getQueryData(left) !== undefined };
}

const texts = (space: LiveSpace) =>
  space
    .chat(SESSION)
    .getState()
    .conversation?.recalled["a-r"]?.items.map(({ text }) => text);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("what was forgotten elsewhere", () => {
  it("is gone from open chats at once, and from the page in a moment", async () => {
    const { space, reads, keepsLeft } = spaceWith(told("m1", "m2"));
    await space.chat(SESSION).refresh();

    space.onEvent(changed("forgotten", ["m1"]));

    expect(texts(space)).toEqual([null, "text of m2"]);
    // A list that is not shown holds it no longer.
    expect(keepsLeft()).toBe(false);
    expect(reads()).toBe(0);
    vi.advanceTimersByTime(250);
    expect(reads()).toBe(1);
  });

  it("may be a lot: the chats are read again", async () => {
    const { space, now } = spaceWith(told("m1"));
    await space.chat(SESSION).refresh();
    expect(texts(space)).toEqual(["text of m1"]);

    now(told());
    space.onEvent(changed("forgotten", []));
    await space.chat(SESSION).refresh();

    expect(texts(space)).toBeUndefined();
  });
});

describe("the page of memory", () => {
  it("is read again when something was saved, and when an answer is about to be remembered", () => {
    for (const event of [changed("saved", ["m1"]), runCompleted(102)]) {
      const { space, reads } = spaceWith();
      space.onEvent(event);
      vi.advanceTimersByTime(250);
      expect(reads()).toBe(1);
    }
  });

  it("leaves open chats alone when something was saved", async () => {
    const { space } = spaceWith(told("m1"));
    await space.chat(SESSION).refresh();
    space.onEvent(changed("saved", ["m1"]));
    expect(texts(space)).toEqual(["text of m1"]);
  });
});
