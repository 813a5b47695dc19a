import { describe, expect, it } from "vitest";
import type { Conversation } from "@/live/conversation";
import type { LiveEvent } from "@/live/events";
import { fold } from "@/live/reducer";
import {
  answer,
  completed,
  conversation,
  delta,
  question,
  run,
  runCompleted,
  runFailed,
  SESSION,
  started,
} from "./builders";

const folded = (start: Conversation, ...events: LiveEvent[]) => events.reduce(fold, start);
const text = (state: Conversation) => state.messages["a-r"]?.content;

const asked = () =>
  conversation({ items: [question("q-r", "r"), answer("a-r", "r", { attempt: 0 })], runs: [run("r")] });

describe("an answer", () => {
  it("grows by its deltas and ends with its whole text", () => {
    const state = folded(asked(), started(101), delta(102, "Hel"), delta(103, "lo"));
    expect(text(state)).toBe("Hello");
    expect(state.messages["a-r"]?.status).toBe("streaming");

    const over = folded(state, completed(104, "Hello!"));
    expect(over.messages["a-r"]).toMatchObject({ content: "Hello!", status: "complete", cost: "$0.01" });
  });

  it("takes no event twice", () => {
    const state = folded(asked(), started(101), delta(102, "one"), delta(102, "one"), delta(101, "zero"));
    expect(text(state)).toBe("one");
  });

  it("takes no event that the history held already", () => {
    const loaded = conversation({ items: [answer("a-r", "r", { content: "Hel" })], last_event_id: 150 });
    expect(text(folded(loaded, delta(149, "Hel"), delta(151, "lo")))).toBe("Hello");
  });

  it("begins anew with a newer attempt, even if its start was lost", () => {
    const first = folded(asked(), started(101, 1), delta(102, "first", 1));
    expect(text(folded(first, started(103, 2)))).toBe("");
    expect(text(folded(first, delta(104, "second", 2)))).toBe("second");
  });

  it("ignores what a superseded attempt still says", () => {
    const state = folded(
      asked(),
      started(101, 2),
      delta(102, "good", 2),
      delta(103, "late", 1),
      started(104, 1),
    );
    expect(text(state)).toBe("good");
    expect(text(folded(state, completed(105, "late and whole", 1)))).toBe("good");
  });

  it("does not grow after its end", () => {
    expect(text(folded(asked(), started(101), completed(102, "whole"), delta(103, "more")))).toBe("whole");
  });

  it("appears after the others when nothing announced it", () => {
    const state = folded(conversation({ items: [question("q-1", "r1")] }), delta(101, "Hi"));
    expect(state.order).toEqual(["q-1", "a-r"]);
  });

  it("keeps the list of messages identical while it grows, so that only its own row is drawn again", () => {
    const before = folded(asked(), started(101));
    expect(folded(before, delta(102, "x")).order).toBe(before.order);
  });
});

describe("a run", () => {
  it("that is over leaves no answer streaming", () => {
    const done = folded(asked(), started(101), delta(102, "part"), runCompleted(103));
    expect(done.messages["a-r"]?.status).toBe("complete");
    const failed = folded(asked(), started(101), delta(102, "part"), runFailed(103));
    expect(failed.messages["a-r"]).toMatchObject({
      status: "failed",
      content: "part",
      error: { code: "interrupted" },
    });
    expect(failed.runs.r?.finished_at).toBe("2026-11-22T10:00:00Z");
  });
});

describe("events of elsewhere", () => {
  it("of another chat change nothing at all", () => {
    const state = asked();
    expect(fold(state, { ...delta(101, "x"), session_id: SESSION + 1 } as LiveEvent)).toBe(state);
  });

  it("of the whole space change nothing here", () => {
    const state = asked();
    const status: LiveEvent = {
      type: "agent_status",
      id: 101,
      session_id: null,
      run_id: null,
      ts: "",
      agent_id: "user1_coder",
      status: "busy",
    };
    expect(fold(state, status)).toBe(state);
  });
});
