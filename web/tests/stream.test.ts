import { beforeEach, describe, expect, it } from "vitest";
import type { LiveEvent } from "@/live/events";
import { type Connection, EventStream, type Source } from "@/live/stream";

class FakeSource implements Source {
  onopen: Source["onopen"] = null;
  onmessage: Source["onmessage"] = null;
  onerror: Source["onerror"] = null;
  closed = false;
  constructor(readonly url: string) {}
  close() {
    this.closed = true;
  }
  say(id: number) {
    this.onmessage?.({ data: JSON.stringify({ type: "agent_status" }), lastEventId: String(id) });
  }
}

let sources: FakeSource[];
let pauses: number[];
let timers: { milliseconds: number; run: () => void }[];
let heard: [number, number | null][];
let connections: Connection[];
let signedOut: boolean;
let known: () => Promise<boolean>;

function stream(startFrom: () => number | null = () => null) {
  return new EventStream(
    {
      connect: (url) => {
        const source = new FakeSource(url);
        sources.push(source);
        return source;
      },
      isSignedIn: () => known(),
      after: (milliseconds, run) => {
        const timer = { milliseconds, run };
        timers.push(timer);
        pauses.push(milliseconds);
        return () => timers.splice(timers.indexOf(timer), 1);
      },
      random: () => 1,
    },
    {
      onEvent: (event: LiveEvent, prev) => heard.push([event.id, prev]),
      onConnection: (connection) => connections.push(connection),
      onSignedOut: () => {
        signedOut = true;
      },
    },
    startFrom,
  );
}

const last = () => sources.at(-1) as FakeSource;
const settle = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  sources = [];
  timers = [];
  pauses = [];
  heard = [];
  connections = [];
  signedOut = false;
  known = async () => true;
});

describe("the event stream", () => {
  it("begins where the history ends", () => {
    stream(() => 42).start();
    expect(last().url).toBe("/my/events/?last_event_id=42");
  });

  it("begins now when there is no history", () => {
    stream().start();
    expect(last().url).toBe("/my/events/");
  });

  it("goes on after a break from the last event it heard", async () => {
    stream(() => 42).start();
    last().onopen?.();
    last().say(50);
    last().onerror?.();
    await settle();
    expect(sources[0]?.closed).toBe(true);
    timers[0]?.run();
    expect(last().url).toBe("/my/events/?last_event_id=50");
    last().say(51);
    expect(heard).toEqual([
      [50, 42],
      [51, 50],
    ]);
  });

  it("is patient: pauses grow, and shrink again once it was open", async () => {
    stream().start();
    for (let failure = 0; failure < 14; failure++) {
      last().onerror?.();
      await settle();
      timers.at(-1)?.run();
    }
    expect(pauses).toEqual([500, 1000, 2000, ...Array(9).fill(3000), 15000, 15000]);
    last().onopen?.();
    last().onerror?.();
    await settle();
    expect(pauses.at(-1)).toBe(500);
    expect(connections).toContain("reconnecting");
  });

  it("does not try for ever when the sign-in is over", async () => {
    known = async () => false;
    stream().start();
    last().onerror?.();
    await settle();
    expect(signedOut).toBe(true);
    expect(timers).toEqual([]);
  });

  it("goes on trying when nobody can say whether the sign-in is over", async () => {
    known = async () => {
      throw new Error("no network");
    };
    stream().start();
    last().onerror?.();
    await settle();
    expect(signedOut).toBe(false);
    expect(timers).toHaveLength(1);
  });

  it("tries at once when it is woken", async () => {
    const live = stream();
    live.start();
    last().onerror?.();
    await settle();
    live.reopen();
    expect(sources).toHaveLength(2);
    expect(timers).toEqual([]);
  });

  it("says nothing after it was stopped", async () => {
    const live = stream();
    live.start();
    const source = last();
    live.stop();
    source.say(1);
    expect(source.closed).toBe(true);
    expect(heard).toEqual([]);
  });

  it("passes over what is no event", () => {
    stream().start();
    last().onmessage?.({ data: "not json", lastEventId: "5" });
    last().onmessage?.({ data: "{}", lastEventId: "6" });
    last().onmessage?.({ data: '{"type":"x"}', lastEventId: "" });
    expect(heard).toEqual([]);
  });
});
