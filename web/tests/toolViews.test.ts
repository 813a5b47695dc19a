import { describe, expect, it } from "vitest";
import { partsOf } from "@/features/conversation/tools/parts";
import { scaled } from "@/features/pageTools/picture";
import { problemOf, problemOfPosition } from "@/features/pageTools/problem";
import { loudness } from "@/features/pageTools/recording";
import { fileSize } from "@/lib/format";
import type { LiveCall } from "@/live/calls";
import { briefOf, deedOf } from "@/ui/tools/known";
import { withoutFiles } from "@/ui/tools/verdict";
import { call } from "./toolBuilders";

const live = (id: string, after: number | null): LiveCall => ({
  ...call({ id }),
  task_id: null,
  known: true,
  at: 1,
  after,
});
const shown = (content: string, calls: LiveCall[]) =>
  partsOf(content, calls).map(({ calls: made, text }) => [made.map(({ id }) => id).join(), text]);

describe("an answer with tool calls", () => {
  it("is cut where they were made", () => {
    expect(shown("One. Two. Three.", [live("a", 5), live("b", 10), live("c", 10)])).toEqual([
      ["", "One. "],
      ["a", "Two. "],
      ["b,c", "Three."],
    ]);
  });

  it("stands below those whose place nobody saw", () => {
    expect(shown("Text", [live("a", null), live("b", 0)])).toEqual([["a,b", "Text"]]);
    expect(shown("Text", [live("a", null), live("b", 2)])).toEqual([
      ["a", "Te"],
      ["b", "xt"],
    ]);
  });

  it("is one piece without any, and shows those beyond its end", () => {
    expect(shown("Text", [])).toEqual([["", "Text"]]);
    expect(shown("", [live("a", 7)])).toEqual([["a", ""]]);
    expect(shown("Text", [live("a", 99)])).toEqual([
      ["", "Text"],
      ["a", ""],
    ]);
  });
});

describe("what a call is about", () => {
  it.each([
    ["web_fetch", { url: "https://example.org" }, "https://example.org"],
    ["python", { code: "a = 1\n\nprint(a)" }, "a = 1 print(a)"],
    ["ask_agent", { agent: "writer", question: "Why?", deep: true }, "writer · Why?"],
    ["camera", { reason: "To see you", facing: "user" }, ""],
    ["x__y", { list: [1], empty: "", none: null }, "[1]"],
  ])("%s", (tool, args, brief) => expect(briefOf(tool, args)).toBe(brief));

  it("is done by the page or by the server", () => {
    const browser = (tool_id: string, args = {}) => deedOf({ tool_id, kind: "browser", arguments: args });
    expect(browser("camera")).toBe("camera");
    expect(browser("clipboard", { action: "write" })).toBe("clipboardWrite");
    expect(browser("clipboard", { action: "read" })).toBe("clipboardRead");
    expect(browser("unheard_of")).toBeNull();
    expect(deedOf({ tool_id: "camera", kind: "mcp", arguments: {} })).toBeNull();
  });

  it("is told without the ids of files", () => {
    expect(withoutFiles({ seconds: 4, file_ids: ["f"] })).toEqual({ seconds: 4 });
    expect(withoutFiles("text")).toBe("text");
  });
});

describe("a device that fails", () => {
  it.each([
    ["NotAllowedError", "permission_denied"],
    ["SecurityError", "permission_denied"],
    ["NotFoundError", "no_device"],
    ["OverconstrainedError", "no_device"],
    ["NotSupportedError", "unsupported"],
    ["NotReadableError", "failed"],
  ])("%s means %s", (name, code) => {
    expect(problemOf(new DOMException("why", name))).toEqual({ error: code, message: "why" });
  });

  it("may say nothing, or too much", () => {
    expect(problemOf("odd")).toEqual({ error: "failed" });
    expect(problemOf(new DOMException("x".repeat(900), "AbortError")).message).toHaveLength(500);
    expect(problemOfPosition({ code: 1, message: "" })).toEqual({ error: "permission_denied" });
    expect(problemOfPosition({ code: 3, message: "timeout" })).toEqual({
      error: "failed",
      message: "timeout",
    });
  });
});

describe("what devices give", () => {
  it("is a picture of at most 1600 pixels, in its own shape", () => {
    expect(scaled(640, 480)).toEqual({ width: 640, height: 480 });
    expect(scaled(4000, 3000)).toEqual({ width: 1600, height: 1200 });
    expect(scaled(10, 8000)).toEqual({ width: 2, height: 1600 });
  });

  it("is as loud as ears have it", () => {
    expect(loudness([0, 0, 0])).toBe(0);
    expect(loudness([1, -1])).toBe(1);
    expect(loudness([0.1, -0.1])).toBeCloseTo(2 / 3, 2);
  });
});

it.each([
  [0, "0 byte"],
  [812, "812 byte"],
  [34_400, "34 kB"],
  [2_140_000, "2.1 MB"],
])("%d bytes are %s", (bytes, text) => expect(fileSize(bytes, "en")).toBe(text));
