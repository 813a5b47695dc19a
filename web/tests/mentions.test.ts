import { describe, expect, it } from "vitest";
import type { Agent } from "@/api/types";
import { matchingAgents, mentionAt, splitAddress } from "@/features/conversation/mentions";

const agent = (handle: string, name: string, is_active = true) =>
  ({ agent_id: `user1_${handle}`, handle, name, is_active }) as Agent;
const TEAM = [
  agent("coder", "Программист"),
  agent("decoder", "Decoder"),
  agent("writer", "Coordinator"),
  agent("old", "Code", false),
];

describe("a handle being typed", () => {
  it.each([
    ["@", 1, { start: 0, end: 1, query: "" }],
    ["ask @co please", 7, { start: 4, end: 7, query: "co" }],
    ["@прог", 5, { start: 0, end: 5, query: "прог" }],
  ])("is found in %j", (text, caret, mention) => expect(mentionAt(text, caret)).toEqual(mention));

  it.each([
    ["mail me@example", 15],
    ["@coder hi", 9],
    ["plain", 5],
  ])("is not seen in %j", (text, caret) => expect(mentionAt(text, caret)).toBeNull());
});

describe("agents for a handle", () => {
  it("are the active ones, the likeliest first", () => {
    expect(matchingAgents(TEAM, "co").map((one) => one.handle)).toEqual(["coder", "writer", "decoder"]);
  });
  it("are found by a Russian name", () => {
    expect(matchingAgents(TEAM, "прог").map((one) => one.handle)).toEqual(["coder"]);
  });
});

describe("an address at the beginning", () => {
  it("names a known agent, and the rest is the message", () => {
    expect(splitAddress("@Coder, fix it", TEAM)).toEqual({ target: "coder", content: "fix it" });
  });
  it.each(["@dataclass what is it?", "@coder", "@coder   ", "ask @coder"])("is not read into %j", (text) =>
    expect(splitAddress(text, TEAM)).toBeNull(),
  );
});
