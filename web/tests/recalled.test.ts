import { describe, expect, it } from "vitest";
import type { Message, Recalled } from "@/api/types";
import type { Conversation } from "@/live/conversation";
import { fromHistory, withOlderPage } from "@/live/conversation";
import type { LiveEvent } from "@/live/events";
import { memoriesForgotten } from "@/live/recalled";
import { fold } from "@/live/reducer";
import { answer, completed, conversation, history, question, run, started } from "./builders";

type Told = Message["recalled"][number];

const item = (id: string, text: string | null = `text of ${id}`): Told => ({
  id,
  text,
  score: 0.7,
  why: "both",
  session_id: 3,
  session_title: "Dogs",
  role: "user",
  agent_id: null,
  created_at: "2026-11-20T10:00:00Z",
});

const recalled = (id: number, ids: string[], attempt = 1, message_id: string | null = "a-r"): LiveEvent => ({
  type: "memory_recalled",
  id,
  session_id: 7,
  run_id: "r",
  ts: "2026-11-22T10:00:00Z",
  agent_id: "user1_coder",
  message_id,
  task_id: null,
  attempt,
  missed: ids.length === 0,
  items: ids.map((each) => {
    const { session_title: _title, ...told } = item(each);
    return { ...told, score: 0.7, text: told.text ?? "" };
  }),
});

const asked = (change: Partial<Message> = {}) =>
  history({ items: [question("q-r", "r"), answer("a-r", "r", change)], runs: [run("r")] });
const idsOf = (found: Conversation, message = "a-r") =>
  found.recalled[message]?.items.map((each: Recalled) => each.id);

describe("what was recalled for an answer", () => {
  it("is told by an event, once an attempt", () => {
    let found = fold(conversation(asked()), recalled(101, ["m1", "m2"]));
    expect(idsOf(found)).toEqual(["m1", "m2"]);

    found = fold(found, recalled(102, ["m3"], 2));
    expect(found.recalled["a-r"]).toMatchObject({ attempt: 2 });
    expect(idsOf(found)).toEqual(["m3"]);
    expect(idsOf(fold(found, recalled(103, ["m1"], 1)))).toEqual(["m3"]);
  });

  it("is missed where memory did not answer, and told in the next attempt", () => {
    let found = fold(conversation(asked()), recalled(101, []));
    expect(found.recalled["a-r"]).toEqual({ attempt: 1, items: [], missed: true });
    found = fold(found, recalled(102, ["m3"], 2));
    expect(found.recalled["a-r"]).toMatchObject({ attempt: 2, missed: false });

    const stored = conversation(asked({ memory_missed: true }));
    expect(stored.recalled["a-r"]).toEqual({ attempt: 1, items: [], missed: true });
  });

  it("is void without a message", () => {
    const before = conversation(asked());
    expect(fold(before, recalled(101, ["m1"], 1, null)).recalled).toBe(before.recalled);
  });

  it("may be of a task, whose message is in no history", () => {
    const found = fold(conversation(asked()), recalled(101, ["m1"], 1, "of-a-task"));
    expect(idsOf(fromHistory(asked(), found), "of-a-task")).toEqual(["m1"]);
    expect(idsOf(fromHistory(asked(), found, true), "of-a-task")).toBeUndefined();
  });

  it("stays while the answer is written, and is the history's when it is there", () => {
    const live = fold(fold(conversation(asked()), recalled(101, ["m1", "m2"])), started(102));
    expect(idsOf(fromHistory(asked({ recalled: [] }), live))).toEqual(["m1", "m2"]);

    const done = asked({ status: "complete", recalled: [item("m1", null), item("m2")] });
    const after = fromHistory(done, fold(live, completed(103, "Bublik.")));
    expect(after.recalled["a-r"]?.items.map(({ text }) => text)).toEqual([null, "text of m2"]);
    expect(after.recalled["a-r"]?.attempt).toBe(1);
  });

  it("is nothing when the stored answer had nothing", () => {
    const live = fold(conversation(asked()), recalled(101, ["m1"]));
    expect(idsOf(fromHistory(asked({ status: "failed", recalled: [] }), live))).toBeUndefined();
  });

  it("comes with older pages, too", () => {
    const older = history({
      items: [question("q-o", "o"), answer("a-o", "o", { status: "complete", recalled: [item("m9")] })],
      runs: [run("o", { status: "completed" })],
    });
    const found = withOlderPage(fold(conversation(asked()), recalled(101, ["m1"])), older);
    expect([idsOf(found), idsOf(found, "a-o")]).toEqual([["m1"], ["m9"]]);
    // The newest page is read again: what is above it stays.
    expect(idsOf(fromHistory(asked(), found), "a-o")).toEqual(["m9"]);
  });

  it("shows that it was forgotten, wherever it was used", () => {
    const found = fold(
      fold(conversation(asked()), recalled(101, ["m1", "m2"])),
      recalled(102, ["m1"], 1, "t"),
    );
    const after = memoriesForgotten(found, ["m1"]);
    expect(after.recalled["a-r"]?.items.map(({ text }) => text)).toEqual([null, "text of m2"]);
    expect(after.recalled.t?.items.map(({ text }) => text)).toEqual([null]);
    expect(memoriesForgotten(after, ["m1", "other"])).toBe(after);
  });
});
