import { describe, expect, it } from "vitest";
import { fromHistory, withMessage, withOlderPage } from "@/live/conversation";
import { answer, conversation, history, question } from "./builders";

describe("history", () => {
  it("keeps older pages that still join on to the newest one", () => {
    const before = conversation({
      items: [question("1", "a"), question("2", "b"), question("3", "c")],
      next_cursor: "older",
    });
    const fresh = fromHistory(
      history({ items: [question("3", "c"), question("4", "d")], next_cursor: "x", last_event_id: 200 }),
      before,
    );
    expect(fresh.order).toEqual(["1", "2", "3", "4"]);
    expect(fresh.olderCursor).toBe("older");
    expect(fresh.appliedTo).toBe(200);
  });

  it("starts over when so much was missed that a gap would show", () => {
    const before = conversation({ items: [question("1", "a"), question("2", "b")] });
    const fresh = fromHistory(
      history({ items: [question("8", "d"), question("9", "e")], next_cursor: "x" }),
      before,
    );
    expect(fresh.order).toEqual(["8", "9"]);
    expect(fresh.olderCursor).toBe("x");
  });

  it("puts an older page above, and leaves what is known as it is", () => {
    const now = conversation({ items: [question("3", "c", "newer")], next_cursor: "x" });
    const more = withOlderPage(
      now,
      history({ items: [question("1", "a"), question("3", "c", "older")], next_cursor: null }),
    );
    expect(more.order).toEqual(["1", "3"]);
    expect(more.messages["3"]?.content).toBe("newer");
    expect(more.olderCursor).toBeNull();
  });
});

describe("a message", () => {
  it("that is a question stands before the answer that came first", () => {
    const early = conversation({ items: [question("0", "z"), answer("a", "r")] });
    expect(withMessage(early, question("q", "r")).order).toEqual(["0", "q", "a"]);
  });
});
