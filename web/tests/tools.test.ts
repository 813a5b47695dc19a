import { describe, expect, it } from "vitest";
import type { Conversation } from "@/live/conversation";
import { fromHistory } from "@/live/conversation";
import type { LiveEvent } from "@/live/events";
import { fold } from "@/live/reducer";
import { ConversationStore } from "@/live/store";
import {
  answer,
  called,
  conversation,
  delta,
  history,
  question,
  run,
  runCompleted,
  SESSION,
  started,
} from "./builders";
import { detail, plan, resolved, runEnded, task, taskDelta, taskMessage, taskStarted } from "./planBuilders";
import { call, toolApproval, toolFinished, toolRequest, toolStarted } from "./toolBuilders";

const talking = (): Conversation =>
  conversation({ items: [question("q-r", "r"), answer("a-r", "r")], runs: [run("r")] });
const following = (from: Conversation, ...events: LiveEvent[]) => events.reduce(fold, from);
const statuses = (found: Conversation, messageId = "a-r") =>
  found.calls[messageId]?.map(({ id, status }) => [id, status]);

describe("a tool call", () => {
  it("is asked for, waits, is allowed, runs and ends", () => {
    let found = following(talking(), started(101), delta(102, "Let me look."), toolRequest(103));
    expect(statuses(found)).toEqual([["1.c", "waiting"]]);
    expect(found.runs.r?.status).toBe("waiting");
    expect(found.approvals.ta).toMatchObject({
      type: "tool",
      status: "pending",
      expires_at: expect.any(String),
    });
    expect(found.calls["a-r"]?.[0]?.after).toBe("Let me look.".length);

    found = following(found, resolved(104, "confirmed", "ta"));
    expect(statuses(found)).toEqual([["1.c", "open"]]);
    expect(found.approvals.ta?.status).toBe("confirmed");
    // Its task is in line again, and nothing runs yet.
    expect(found.runs.r?.status).toBe("waiting");

    found = following(found, called(105), toolStarted(106));
    expect(found.runs.r?.status).toBe("running");
    expect(found.calls["a-r"]?.[0]).toMatchObject({
      status: "running",
      arguments: { url: "https://changed.example" },
      after: "Let me look.".length,
    });

    found = following(found, toolFinished(107));
    expect(found.calls["a-r"]?.[0]).toMatchObject({ status: "ok", duration_ms: 120, known: false });
  });

  it("of the page is done when it is answered", () => {
    const found = following(
      talking(),
      started(101),
      toolRequest(102, "ta", {}, "browser"),
      resolved(103, "confirmed", "ta"),
    );
    expect(statuses(found)).toEqual([["1.c", "ok"]]);
    const told = { ...toolFinished(104), duration_ms: 0 } as LiveEvent;
    expect(following(found, told).calls["a-r"]?.[0]?.duration_ms).toBeNull();
  });

  it.each(["rejected", "expired", "cancelled"] as const)("says that it was %s", (status) => {
    const found = following(
      talking(),
      started(101),
      toolRequest(102),
      resolved(103, status, "ta"),
      toolFinished(104, "rejected"),
    );
    expect(statuses(found)).toEqual([["1.c", status]]);
    expect(found.approvals.ta?.status).toBe(status);
  });

  it("keeps the first answer", () => {
    const found = following(talking(), started(101), toolRequest(102), resolved(103, "rejected", "ta"));
    expect(following(found, resolved(104, "confirmed", "ta")).approvals.ta?.status).toBe("rejected");
  });

  it("that goes on keeps the words in sight until they come again", () => {
    let found = following(
      talking(),
      started(101),
      delta(102, "Let me look."),
      toolRequest(103),
      resolved(104, "confirmed", "ta"),
    );
    found = following(found, called(105), started(106, 2));
    expect(found.messages["a-r"]?.content).toBe("Let me look.");
    found = following(found, delta(107, "Let me look.", 2), delta(108, " It is there.", 2));
    expect(found.messages["a-r"]?.content).toBe("Let me look. It is there.");
  });

  it("without a question empties what a failed attempt had written", () => {
    const found = following(talking(), started(101), delta(102, "Half of"), started(103, 2));
    expect(found.messages["a-r"]?.content).toBe("");
  });

  it("ends with its run", () => {
    const found = following(talking(), started(101), toolRequest(102), runEnded(103, "run_cancelled"));
    expect(statuses(found)).toEqual([["1.c", "cancelled"]]);
    expect(found.approvals.ta?.status).toBe("cancelled");
  });

  it("that was refused at once is told too", () => {
    expect(statuses(following(talking(), started(101), toolFinished(102, "rejected")))).toEqual([
      ["1.c", "rejected"],
    ]);
  });
});

describe("calls of a history", () => {
  const kept = (change = {}, lastEvent = 100) =>
    history({
      items: [question("q-r", "r"), answer("a-r", "r", { tool_calls: [call(change)] })],
      runs: [run("r", { status: "waiting" })],
      approvals: [toolApproval()],
      last_event_id: lastEvent,
    });

  it("are there after a reload, with what waits", () => {
    const found = fromHistory(kept(), null);
    expect(statuses(found)).toEqual([["1.c", "waiting"]]);
    expect(found.approvals.ta?.tool?.agent_name).toBe("Coder");
    expect(found.calls["a-r"]?.[0]?.after).toBeNull();
  });

  it("show a run as waiting though the server has not parked it yet", () => {
    const asks = (status: "running" | "done") =>
      fromHistory(
        history({
          items: [question("q-r", "r"), answer("a-r", "r")],
          runs: [run("r", { tasks: [detail({ task_id: "answer" }), detail({ task_id: "t2", status })] })],
          plans: [plan({ tasks: [task("answer", { status: "running" })] })],
          approvals: [toolApproval()],
        }),
        null,
      );
    expect(asks("done").runs.r?.status).toBe("waiting");
    expect(asks("done").plans.r?.[0]?.tasks[0]?.status).toBe("waiting");
    expect(asks("running").runs.r?.status).toBe("running");
  });

  it("bring results and leave the call where it was seen", () => {
    let found = following(talking(), started(101), delta(102, "Hm."), toolStarted(103), toolFinished(104));
    found = fromHistory(kept({ status: "ok", result: "page", duration_ms: 119 }, 104), found);
    expect(found.calls["a-r"]?.[0]).toMatchObject({
      result: "page",
      known: true,
      after: 3,
      duration_ms: 119,
    });
  });

  it("do not undo what was heard since", () => {
    const found = following(
      talking(),
      started(101),
      toolRequest(102),
      resolved(103, "confirmed", "ta"),
      toolStarted(104),
    );
    expect(statuses(fromHistory(kept({}, 102), found))).toEqual([["1.c", "running"]]);
    const more = following(found, toolRequest(105, "tb", { callId: "2.c" }));
    expect(statuses(fromHistory(kept({}, 102), more))).toEqual([
      ["1.c", "running"],
      ["2.c", "waiting"],
    ]);
  });
});

describe("a tool call of a plan's task", () => {
  const working = () =>
    conversation({
      items: [question("q-r", "r"), answer("a-r", "r")],
      runs: [run("r", { mode: "auto" })],
      plans: [plan({ tasks: [task("t1", { status: "running" }), task("t2", { status: "running" })] })],
    });
  const at = { taskId: "t1", messageId: "m-t1" };

  it("lets the others run", () => {
    let found = following(working(), taskMessage(101, "t1"), toolRequest(102, "ta", at));
    expect(found.plans.r?.[0]?.tasks.map((each) => each.status)).toEqual(["waiting", "running"]);
    expect(found.runs.r?.status).toBe("running");
    found = following(found, toolRequest(103, "tb", { taskId: "t2", messageId: "m-t2" }));
    expect(found.runs.r?.status).toBe("waiting");
  });

  it("goes on when nothing of the task waits any more", () => {
    let found = following(
      working(),
      taskMessage(101, "t1"),
      taskDelta(102, "t1", "So far"),
      toolRequest(103, "ta", at),
      toolRequest(104, "tb", { ...at, callId: "1.d" }),
      resolved(105, "confirmed", "ta"),
    );
    expect(found.plans.r?.[0]?.tasks[0]?.status).toBe("waiting");
    found = following(found, resolved(106, "rejected", "tb"));
    expect(found.plans.r?.[0]?.tasks[0]?.status).toBe("ready");
    found = following(found, taskStarted(107, "t1", 2), taskMessage(108, "t1", 2));
    expect(found.plans.r?.[0]?.tasks[0]?.status).toBe("running");
    expect(found.works["r/t1"]?.text).toBe("So far");
  });
});

describe("the store", () => {
  function storeOf(loads: string[], items = [question("q-r", "r"), answer("a-r", "r")]) {
    return new ConversationStore(SESSION, {
      load: async () => {
        loads.push("history");
        return history({ items, runs: [run("r")] });
      },
      loadTask: async () =>
        detail({ message_id: "a-r", task_id: "answer", tool_calls: [call({ status: "ok" })] }),
      post: async () => Promise.reject(),
      pause: async () => undefined,
      newKey: () => "key",
      now: () => new Date(),
      keep: () => undefined,
    });
  }

  it("asks the history what a tool answered, once the run is over", async () => {
    const loads: string[] = [];
    const store = storeOf(loads);
    await store.refresh();
    for (const event of [started(101), toolStarted(102), toolFinished(103)]) store.receive(event);
    expect(loads).toHaveLength(1);
    store.receive(runCompleted(104));
    expect(loads).toHaveLength(2);
  });

  it("asks nothing more where no tool was used", async () => {
    const loads: string[] = [];
    const store = storeOf(loads);
    await store.refresh();
    for (const event of [started(101), delta(102, "Hi"), runCompleted(103)]) store.receive(event);
    expect(loads).toHaveLength(1);
  });

  it("takes a task's calls as the server has them", async () => {
    const store = storeOf([]);
    await store.refresh();
    store.receive(started(101));
    store.receive(toolStarted(102));
    store.adoptCalls(detail({ message_id: "a-r", tool_calls: [call({ status: "ok" })], last_event_id: 103 }));
    expect(store.getState().conversation?.calls["a-r"]?.[0]?.status).toBe("ok");
  });
});
