import { describe, expect, it, vi } from "vitest";
import { ApiError, NetworkError } from "@/api/problem";
import type { History, Sent, TaskDetail } from "@/api/types";
import type { LiveEvent } from "@/live/events";
import { ConversationStore, type StoreServices } from "@/live/store";
import { answer, called, completed, delta, history, question, run, SESSION, started } from "./builders";
import { detail, plan, planCreated, progress, task, taskDelta, taskStarted } from "./planBuilders";

const SENT: Sent = { message_id: "q-r", run_id: "r", mode: "direct", answer_id: "a-r" };

interface Deferred<Value> {
  promise: Promise<Value>;
  resolve: (value: Value) => void;
}

function deferred<Value>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function storeWith(services: Partial<StoreServices>) {
  let keys = 0;
  const kept: unknown[] = [];
  const store = new ConversationStore(SESSION, {
    load: async () => history(),
    loadTask: async () => detail(),
    post: async () => SENT,
    pause: async () => undefined,
    newKey: () => `key-${++keys}`,
    now: () => new Date("2026-11-22T10:00:00Z"),
    keep: (outbox) => kept.push(outbox.map(({ key, status }) => [key, status])),
    ...services,
  });
  return { store, kept };
}

const content = (store: ConversationStore, id = "a-r") =>
  store.getState().conversation?.messages[id]?.content;

describe("loading", () => {
  it("folds in what arrived before the history did, and only what the history lacks", async () => {
    const loading = deferred<History>();
    const { store } = storeWith({ load: () => loading.promise });
    const loaded = store.refresh();
    store.receive(started(149));
    store.receive(delta(150, "Hel"));
    store.receive(delta(151, "lo"));

    loading.resolve(
      history({
        items: [question("q-r", "r"), answer("a-r", "r", { content: "Hel" })],
        runs: [run("r")],
        last_event_id: 150,
      }),
    );
    await loaded;

    expect(content(store)).toBe("Hello");
  });

  it("again after a resync loses nothing that arrived meanwhile", async () => {
    const second = deferred<History>();
    const pages = [Promise.resolve(history()), second.promise];
    const { store } = storeWith({ load: () => pages.shift() ?? Promise.resolve(history()) });
    await store.refresh();

    const again = store.refresh();
    store.receive(delta(300, " world"));
    second.resolve(
      history({
        items: [question("q-r", "r"), answer("a-r", "r", { content: "Hello" })],
        runs: [run("r")],
        last_event_id: 299,
      }),
    );
    await again;

    expect(content(store)).toBe("Hello world");
  });

  it("says why it failed, and gets over it", async () => {
    const load = vi.fn().mockRejectedValueOnce(new ApiError(404, "not-found", "Not found", "", {}, null));
    load.mockResolvedValue(history());
    const { store } = storeWith({ load });
    await store.refresh();
    expect(store.getState()).toMatchObject({ phase: "failed", error: { status: 404 } });
    await store.refresh();
    expect(store.getState().phase).toBe("ready");
  });

  it("fetches a question that was asked in another tab", async () => {
    const foreign = history({
      items: [question("q-r", "r"), answer("a-r", "r")],
      runs: [run("r")],
      last_event_id: 200,
    });
    const load = vi.fn().mockResolvedValueOnce(history()).mockResolvedValue(foreign);
    const { store } = storeWith({ load });
    await store.refresh();

    store.receive(called(150));
    await vi.waitFor(() => expect(store.getState().conversation?.order).toEqual(["q-r", "a-r"]));
  });
});

describe("sending", () => {
  it("shows the message at once, and the place of its answer as soon as it was taken", async () => {
    const posting = deferred<Sent>();
    const { store } = storeWith({ post: () => posting.promise });
    await store.refresh();

    const sent = store.send("Hello", "coder");
    expect(store.getState().outbox).toMatchObject([{ content: "Hello", status: "sending" }]);
    posting.resolve(SENT);
    expect(await sent).toBe(true);

    expect(store.getState().outbox).toEqual([]);
    expect(store.getState().conversation?.order).toEqual(["q-r", "a-r"]);
    expect(store.getState().conversation?.messages["a-r"]).toMatchObject({
      status: "streaming",
      content: "",
    });
  });

  it("says that whoever was asked by name answers, before any event does", async () => {
    const { store } = storeWith({});
    await store.refresh();

    await store.send("Hello", "coder");

    expect(store.getState().conversation?.messages["a-r"]?.agent_id).toBe("coder");
  });

  it("lets what was written first arrive first, also when it has to try twice", async () => {
    const second: Sent = { message_id: "q-s", run_id: "s", mode: "direct", answer_id: "a-s" };
    const pause = deferred<void>();
    const arrived: string[] = [];
    const post = vi.fn(async ({ content: text }: { content: string }) => {
      if (post.mock.calls.length === 1) throw new NetworkError();
      arrived.push(text);
      return text === "First" ? SENT : second;
    });
    const { store } = storeWith({ post, pause: () => pause.promise });
    await store.refresh();

    const sent = [store.send("First", "coder"), store.send("Second", "coder")];
    await vi.waitFor(() => expect(post).toHaveBeenCalled());
    pause.resolve();

    expect(await Promise.all(sent)).toEqual([true, true]);
    expect(arrived).toEqual(["First", "Second"]);
    expect(store.getState().conversation?.order).toEqual(["q-r", "a-r", "q-s", "a-s"]);
  });

  it("does not let a message that cannot arrive hold up the next", async () => {
    const refused = new ApiError(422, "unprocessable", "No", "", {}, null);
    const post = vi.fn().mockRejectedValueOnce(refused).mockResolvedValue(SENT);
    const { store } = storeWith({ post });
    await store.refresh();

    expect(await Promise.all([store.send("First", null), store.send("Second", "coder")])).toEqual([
      false,
      true,
    ]);
  });

  it("repeats with the same key when the network fails", async () => {
    const post = vi.fn().mockRejectedValueOnce(new NetworkError()).mockResolvedValue(SENT);
    const { store } = storeWith({ post });
    await store.refresh();
    await store.send("Hello", "coder");
    expect(post.mock.calls.map(([outgoing]) => outgoing.key)).toEqual(["key-1", "key-1"]);
  });

  it("keeps a refused message for another try, and does not repeat what cannot help", async () => {
    const refusal = new ApiError(422, "unknown-mention", "Unknown", "No such agent", {}, null);
    const post = vi.fn().mockRejectedValueOnce(refusal).mockResolvedValue(SENT);
    const { store, kept } = storeWith({ post });
    await store.refresh();

    expect(await store.send("Hello", "nobody")).toBe(false);
    expect(post).toHaveBeenCalledTimes(1);
    expect(store.getState().outbox).toMatchObject([{ key: "key-1", status: "failed", error: refusal }]);
    expect(kept.at(-1)).toEqual([["key-1", "failed"]]);

    expect(await store.resend("key-1")).toBe(true);
    expect(store.getState().outbox).toEqual([]);
    expect(kept.at(-1)).toEqual([]);
  });

  it("does not double what events told before the server's own answer came", async () => {
    const posting = deferred<Sent>();
    const { store } = storeWith({ post: () => posting.promise });
    await store.refresh();

    const sent = store.send("Hello", "coder");
    store.receive(started(101));
    store.receive(delta(102, "Hi"));
    store.receive(completed(103, "Hi!"));
    posting.resolve(SENT);
    await sent;

    expect(store.getState().conversation?.order).toEqual(["q-r", "a-r"]);
    expect(content(store)).toBe("Hi!");
  });

  it("does not let a history that was read before the message was taken hide it", async () => {
    const early = deferred<History>();
    const full = history({
      items: [question("q-r", "r"), answer("a-r", "r")],
      runs: [run("r")],
      last_event_id: 200,
    });
    const pages = [Promise.resolve(history()), early.promise, Promise.resolve(full)];
    const { store } = storeWith({ load: () => pages.shift() ?? Promise.resolve(full) });
    await store.refresh();
    const orders: (readonly string[])[] = [];
    store.subscribe(() => orders.push(store.getState().conversation?.order ?? []));

    const refreshed = store.refresh();
    await store.send("Hello", "coder");
    early.resolve(history());
    await refreshed;

    expect(orders.at(-1)).toEqual(["q-r", "a-r"]);
    const shownAt = orders.findIndex((order) => order.length === 2);
    expect(orders.slice(shownAt).every((order) => order.length === 2)).toBe(true);
  });

  it("keeps what was not delivered when the page was loaded again", () => {
    const kept = [
      { key: "old", content: "Hello", target: null, files: [], status: "sending" as const, error: null },
    ];
    const { store } = storeWith({});
    const again = new ConversationStore(
      SESSION,
      (store as unknown as { services: StoreServices }).services,
      kept,
    );
    expect(again.getState().outbox).toMatchObject([{ key: "old", status: "failed" }]);
  });
});

describe("older messages", () => {
  it("are loaded once however often they are asked for", async () => {
    const older = deferred<History>();
    const load = vi.fn((cursor: string | null) =>
      cursor ? older.promise : Promise.resolve(history({ items: [question("2", "b")], next_cursor: "c" })),
    );
    const { store } = storeWith({ load });
    await store.refresh();
    const first = store.loadOlder();
    void store.loadOlder();
    older.resolve(history({ items: [question("1", "a")], next_cursor: null }));
    await first;
    await store.loadOlder();
    expect(load).toHaveBeenCalledTimes(2);
    expect(store.getState().conversation?.order).toEqual(["1", "2"]);
  });
});

describe("plans", () => {
  const running = (change = {}) =>
    history({
      items: [question("q-r", "r"), answer("a-r", "r", { agent_id: null })],
      runs: [run("r", { mode: "auto" })],
      plans: [plan({ tasks: [task("t1", { status: "running", attempt: 1 })] })],
      ...change,
    });
  const work = (store: ConversationStore) => store.getState().conversation?.works["r/t1"]?.text;

  it("are loaded once more when they are made: the event does not tell all", async () => {
    const load = vi.fn().mockResolvedValueOnce(running({ plans: [] }));
    load.mockResolvedValue(running({ last_event_id: 300 }));
    const { store } = storeWith({ load });
    await store.refresh();
    store.receive(planCreated(201, "p1", ["t1"]));
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(2));
    await vi.waitFor(() =>
      expect(store.getState().conversation?.plans.r?.[0]?.estimate.basis).toBe("history"),
    );
  });

  it("have the text from before a reload, and exactly what came after it", async () => {
    const asking = deferred<TaskDetail>();
    const { store } = storeWith({ load: async () => running(), loadTask: () => asking.promise });
    await store.refresh();
    store.receive(taskDelta(101, "t1", "no "));
    store.receive(taskDelta(102, "t1", "no "));
    asking.resolve(detail({ content: "no no ", last_event_id: 101 }));
    await vi.waitFor(() => expect(work(store)).toBe("no no no "));
    store.receive(taskDelta(103, "t1", "no"));
    expect(work(store)).toBe("no no no no");
  });

  it("do not take again what the server's text held", async () => {
    const loadTask = async () => detail({ content: "one two ", last_event_id: 102 });
    const { store } = storeWith({ load: async () => running(), loadTask });
    await store.refresh();
    await vi.waitFor(() => expect(work(store)).toBe("one two "));
    store.receive(taskDelta(102, "t1", "two "));
    store.receive(taskDelta(103, "t1", "three"));
    expect(work(store)).toBe("one two three");
  });

  it("take a finished text as it is, whatever was heard of it", async () => {
    const asking = deferred<TaskDetail>();
    const { store } = storeWith({ load: async () => running(), loadTask: () => asking.promise });
    await store.refresh();
    store.receive(taskDelta(101, "t1", "end"));
    asking.resolve(detail({ content: "the end", status: "done", last_event_id: 100 }));
    await vi.waitFor(() => expect(work(store)).toBe("the end"));
    store.receive(taskDelta(102, "t1", "end"));
    expect(work(store)).toBe("the end");
  });

  it("keep a task's text through a load that followed no gap", async () => {
    const { store } = storeWith({ load: async () => running({ last_event_id: 50 }) });
    await store.refresh();
    store.receive(taskStarted(101, "t1"));
    store.receive({ ...taskDelta(102, "t1", "whole"), type: "message_started" } as LiveEvent);
    store.receive(taskDelta(103, "t1", "one"));
    const again = store.refresh();
    store.receive(taskDelta(104, "t1", " two"));
    await again;
    expect(work(store)).toBe("one two");
  });

  it("ask for a task's text again after a gap", async () => {
    const loadTask = vi.fn().mockResolvedValue(detail({ content: "anew" }));
    const { store } = storeWith({ load: async () => running({ last_event_id: 200 }), loadTask });
    await store.refresh();
    await vi.waitFor(() => expect(work(store)).toBe("anew"));
    store.receive(taskDelta(201, "t1", " and on"));
    await store.catchUp();
    await vi.waitFor(() => expect(work(store)).toBe("anew"));
    expect(loadTask).toHaveBeenCalledTimes(2);
  });

  it("are loaded again when more tasks are over than this page was told of", async () => {
    const load = vi.fn().mockResolvedValue(running());
    const { store } = storeWith({ load });
    await store.refresh();
    store.receive(progress(101, 0, 1));
    store.receive(progress(102, 1, 1));
    await vi.waitFor(() => expect(load).toHaveBeenCalledTimes(2));
  });
});
