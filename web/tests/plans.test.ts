import { describe, expect, it } from "vitest";
import { type Conversation, fromHistory } from "@/live/conversation";
import type { LiveEvent } from "@/live/events";
import { fold } from "@/live/reducer";
import { answer, conversation, history, question, run } from "./builders";
import {
  approval,
  at,
  plan,
  planCreated,
  planRequest,
  resolved,
  runEnded,
  task,
  taskDelta,
  taskMessage,
  taskOver,
  taskSaid,
  taskStarted,
} from "./planBuilders";

const NAMES = ["t1", "t2", "t3"];
const folded = (start: Conversation, ...events: LiveEvent[]) => events.reduce(fold, start);
const asked = (change = {}) =>
  conversation({
    items: [question("q-r", "r"), answer("a-r", "r", { agent_id: null, attempt: 0 })],
    runs: [run("r", { mode: "auto", status: "queued", agent_id: null })],
    ...change,
  });
const planned = () => folded(asked(), planCreated(101, "p1", NAMES));
const plans = (state: Conversation) => state.plans.r ?? [];
const statuses = (state: Conversation, revision = 1) =>
  plans(state)
    .find((one) => one.revision === revision)
    ?.tasks.map((one) => one.status);
const work = (state: Conversation, id = "t1") => state.works[`r/${id}`];

describe("a plan", () => {
  it("stands in its run as soon as it is made, with its graph and its estimate", () => {
    const state = planned();
    expect(plans(state)).toMatchObject([{ id: "p1", status: "running", estimate: { cost: "$0.06" } }]);
    expect(plans(state)[0]?.tasks.at(-1)).toMatchObject({
      id: "t3",
      agent: "coder",
      depends_on: ["t1", "t2"],
    });
    expect(state.runs.r?.status).toBe("running");
  });

  it("that history knows better is not replaced by its event", () => {
    const state = folded(asked({ plans: [plan()] }), planCreated(101, "p1", NAMES));
    expect(plans(state)[0]?.estimate.basis).toBe("history");
  });

  it("waits for its user, and so does its run", () => {
    const state = folded(planned(), planRequest(102, "p1", NAMES));
    expect(plans(state)[0]).toMatchObject({ status: "proposed", approval_id: "ap" });
    expect(statuses(state)).toEqual(["proposed", "proposed", "proposed"]);
    expect(state.approvals.ap).toMatchObject({ status: "pending", run_id: "r" });
    expect(state.runs.r?.status).toBe("waiting");
  });

  it("shows even if only the request for it was heard", () => {
    expect(plans(folded(asked(), planRequest(102, "p1", NAMES)))[0]?.tasks).toHaveLength(3);
  });

  it("goes on once confirmed; a later answer changes nothing", () => {
    const state = folded(planned(), planRequest(102, "p1", NAMES), resolved(103, "confirmed"));
    expect(plans(state)[0]?.status).toBe("running");
    expect(state.runs.r?.status).toBe("running");
    expect(state.approvals.ap).toMatchObject({ status: "confirmed", resolved_at: at(3) });
    expect(plans(folded(state, resolved(104, "rejected")))[0]?.status).toBe("running");
  });

  it.each([
    ["rejected", "rejected"],
    ["expired", "cancelled"],
    ["cancelled", "cancelled"],
  ] as const)("that was %s is %s", (answered, status) => {
    const state = folded(planned(), planRequest(102, "p1", NAMES), resolved(103, answered));
    expect(plans(state)[0]?.status).toBe(status);
    expect(state.approvals.ap?.status).toBe(answered);
  });
});

describe("a task of a plan", () => {
  it("starts, speaks and ends, and says what it came to", () => {
    const state = folded(planned(), taskStarted(110, "t1"), taskSaid(115, "t1", "Done."));
    expect(statuses(state)).toEqual(["running", "pending", "pending"]);
    const done = folded(state, taskOver(116, "task_completed", "t1"));
    expect(plans(done)[0]?.tasks[0]).toMatchObject({
      status: "done",
      started_at: at(10),
      finished_at: at(16),
      actual: { cost: "$0.004", seconds: 6, output_tokens: 7 },
    });
  });

  it("that failed tells why, and what waited for it is skipped", () => {
    const state = folded(
      planned(),
      taskStarted(110, "t1"),
      taskOver(111, "task_failed", "t1"),
      taskOver(112, "task_skipped", "t3"),
    );
    expect(statuses(state)).toEqual(["failed", "pending", "skipped"]);
    expect(plans(state)[0]?.tasks[0]?.error?.code).toBe("model_timeout");
  });

  it("that was stopped says so by its last message alone", () => {
    const state = folded(planned(), taskStarted(110, "t1"), taskSaid(112, "t1", "Do", "cancelled"));
    expect(statuses(state)?.[0]).toBe("cancelled");
  });

  it("that was stopped before it spoke is told of as a failure that is none", () => {
    const stopped = { ...taskOver(112, "task_failed", "t2"), error: { code: "cancelled", detail: "" } };
    const state = folded(planned(), stopped as LiveEvent);
    expect(plans(state)[0]?.tasks[1]).toMatchObject({ status: "cancelled", error: null });
  });

  it("begins anew with a later attempt and ignores an older one", () => {
    const state = folded(
      planned(),
      taskStarted(110, "t1", 1),
      taskOver(111, "task_failed", "t1"),
      taskStarted(112, "t1", 2),
      taskStarted(113, "t1", 1),
    );
    expect(plans(state)[0]?.tasks[0]).toMatchObject({ status: "running", attempt: 2, error: null });
  });

  it("of no known plan changes no plan", () => {
    const state = planned();
    expect(folded(state, taskOver(110, "task_completed", "other")).plans).toBe(state.plans);
  });
});

describe("what a task writes", () => {
  it("stays out of the conversation", () => {
    const before = planned();
    const state = folded(
      before,
      taskMessage(110, "t1"),
      taskDelta(111, "t1", "Hel"),
      taskDelta(112, "t1", "lo"),
    );
    expect(state.order).toBe(before.order);
    expect(work(state)).toMatchObject({ text: "Hello", whole: true, status: "streaming" });
  });

  it("changes no plan while it grows, so that only the one who reads it is drawn again", () => {
    const before = folded(planned(), taskMessage(110, "t1"));
    expect(folded(before, taskDelta(111, "t1", "x")).plans).toBe(before.plans);
  });

  it("is counted once, under its newest attempt", () => {
    const state = folded(
      planned(),
      taskMessage(110, "t1", 2),
      taskDelta(111, "t1", "good", 2),
      taskDelta(112, "t1", "late", 1),
      taskDelta(111, "t1", "good", 2),
      taskMessage(113, "t1", 1),
    );
    expect(work(state)?.text).toBe("good");
    expect(work(folded(state, taskDelta(114, "t1", "new", 3)))).toMatchObject({ text: "new", whole: true });
  });

  it("does not grow after its end", () => {
    const state = folded(
      planned(),
      taskMessage(110, "t1"),
      taskSaid(111, "t1", "All."),
      taskDelta(112, "t1", "x"),
    );
    expect(work(state)).toMatchObject({ text: "All.", status: "complete", cost: "$0.004" });
  });

  it("is known in part when its beginning was not heard", () => {
    expect(work(folded(planned(), taskDelta(111, "t1", "lo")))).toMatchObject({ text: "lo", whole: false });
  });

  it("of several tasks is kept apart", () => {
    const state = folded(planned(), taskDelta(110, "t1", "one"), taskDelta(111, "t2", "two"));
    expect([work(state)?.text, work(state, "t2")?.text]).toEqual(["one", "two"]);
  });
});

describe("the synthesis", () => {
  it("writes the answer of the run, although it is a task", () => {
    const state = folded(
      planned(),
      taskStarted(120, "synthesis"),
      taskMessage(121, "synthesis"),
      taskDelta(122, "synthesis", "In short"),
    );
    expect(state.messages["a-r"]?.content).toBe("In short");
    expect(state.works).toEqual({});
    expect(state.runs.r?.stage).toBe("synthesis");
  });

  it("writes it in a run that only events tell of, too", () => {
    const state = folded(conversation(), taskMessage(121, "synthesis"), taskDelta(122, "synthesis", "Hi"));
    expect(state.order).toEqual(["a-r"]);
  });

  it("is what the only task of a plan writes when it is the answer", () => {
    const event = { ...taskDelta(121, "t1", "Hi"), message_id: "a-r" } as LiveEvent;
    expect(folded(asked(), event).messages["a-r"]?.content).toBe("Hi");
  });
});

describe("a plan made anew", () => {
  const replanned = () =>
    folded(
      planned(),
      taskStarted(110, "t1"),
      taskOver(111, "task_failed", "t1"),
      taskStarted(112, "replan"),
      planCreated(113, "p2", ["t4", "t5"], 2),
    );

  it("stands after the first one, which has failed", () => {
    const state = replanned();
    expect(plans(state).map((one) => [one.id, one.status])).toEqual([
      ["p1", "failed"],
      ["p2", "running"],
    ]);
    expect(state.runs.r?.stage).toBeNull();
  });

  it("takes the events of its own tasks, and the first of its own", () => {
    const state = folded(replanned(), taskStarted(114, "t4"), taskOver(115, "task_completed", "t2"));
    expect(statuses(state, 2)).toEqual(["running", "pending"]);
    expect(statuses(state)).toEqual(["failed", "done", "pending"]);
  });

  it("asks again by the same policy", () => {
    const state = folded(
      replanned(),
      planRequest(114, "p2", ["t4", "t5"], "ap2"),
      resolved(115, "confirmed", "ap2"),
    );
    expect(plans(state).map((one) => one.status)).toEqual(["failed", "running"]);
  });
});

describe("the end of a run", () => {
  const underWay = () => folded(planned(), taskStarted(110, "t1"), taskOver(111, "task_completed", "t1"));

  it("completes its plan", () => {
    const state = folded(underWay(), runEnded(120, "run_completed"));
    expect(plans(state)[0]?.status).toBe("completed");
    expect(state.runs.r).toMatchObject({ status: "completed", cost: "$0.05" });
  });

  it("leaves nothing running when it was stopped or has failed", () => {
    const stopped = folded(underWay(), taskStarted(112, "t2"), runEnded(120, "run_cancelled"));
    expect(plans(stopped)[0]?.status).toBe("cancelled");
    expect(statuses(stopped)).toEqual(["done", "cancelled", "cancelled"]);
    const failed = folded(underWay(), runEnded(120, "run_failed"));
    expect(statuses(failed)).toEqual(["done", "skipped", "skipped"]);
  });

  it("closes what still asked, and leaves the answer of a rejection alone", () => {
    const asking = folded(planned(), planRequest(102, "p1", NAMES));
    expect(folded(asking, runEnded(103, "run_cancelled")).approvals.ap?.status).toBe("cancelled");
    const rejected = folded(asking, resolved(103, "rejected"), runEnded(104, "run_cancelled"));
    expect(plans(rejected)[0]?.status).toBe("rejected");
    expect(rejected.approvals.ap?.status).toBe("rejected");
  });
});

describe("a reload", () => {
  it("brings the plans and approvals back", () => {
    const state = asked({
      plans: [plan({ id: "p2", revision: 2 }), plan({ status: "failed" })],
      approvals: [approval({ plan: plan({ id: "p2", revision: 2, status: "proposed" }) })],
    });
    expect(plans(state).map((one) => one.id)).toEqual(["p1", "p2"]);
    expect(state.approvals.ap).not.toHaveProperty("plan");
  });

  it("knows which of its own tasks a run is at", () => {
    const tasks = [
      { ...task("x"), run_id: "r", task_id: "synthesis", dependencies: [], status: "running" as const },
    ];
    expect(asked({ runs: [run("r", { tasks })] }).runs.r?.stage).toBe("synthesis");
  });

  it("takes no event that the history held", () => {
    const state = asked({ plans: [plan()], last_event_id: 150 });
    expect(folded(state, taskStarted(149, "t1"))).toBe(state);
  });

  it("hears of an end that the kept text knew already, but the loaded plan did not", () => {
    const end = taskSaid(112, "t1", "Do", "cancelled");
    const before = folded(planned(), taskStarted(110, "t1"), taskMessage(111, "t1"), end);
    const running = plan({ tasks: [task("t1", { status: "running", attempt: 1 })] });
    const loaded = fromHistory(history({ plans: [running], last_event_id: 111 }), before);
    expect(statuses(folded(loaded, end))).toEqual(["cancelled"]);
  });

  it("after a gap forgets texts that may have holes, and otherwise keeps them", () => {
    const before = folded(planned(), taskMessage(110, "t1"), taskDelta(111, "t1", "part"));
    const page = history({ plans: [plan()], last_event_id: 300 });
    expect(fromHistory(page, before, true).works).toEqual({});
    expect(work(fromHistory(page, before))?.text).toBe("part");
  });
});
