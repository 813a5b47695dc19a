import { beforeEach, describe, expect, it } from "vitest";
import type { LiveEvent } from "@/live/events";
import type { Source } from "@/live/stream";
import { type Channel, type Election, type TabMessage, Tabs } from "@/live/tabs";
import { called, resync } from "./builders";

/** A browser with tabs: messages go to all other tabs at once, and the oldest tab that is open leads. */
class Browser {
  readonly channels = new Set<FakeChannel>();
  readonly sources: FakeSource[] = [];
  private readonly waiting: { lead: () => void; signal: AbortSignal }[] = [];

  readonly elect: Election = (lead, signal) => {
    const place = { lead, signal };
    this.waiting.push(place);
    signal.addEventListener("abort", () => {
      const led = this.waiting[0] === place;
      this.waiting.splice(this.waiting.indexOf(place), 1);
      if (led) this.waiting[0]?.lead();
    });
    if (this.waiting[0] === place) lead();
  };

  get stream(): FakeSource {
    return this.sources.at(-1) as FakeSource;
  }
}

class FakeChannel implements Channel {
  onmessage: Channel["onmessage"] = null;
  constructor(private readonly browser: Browser) {
    browser.channels.add(this);
  }
  postMessage(message: TabMessage) {
    for (const other of this.browser.channels) if (other !== this) other.onmessage?.({ data: message });
  }
  close() {
    this.browser.channels.delete(this);
  }
}

class FakeSource implements Source {
  onopen: Source["onopen"] = null;
  onmessage: Source["onmessage"] = null;
  onerror: Source["onerror"] = null;
  constructor(readonly url: string) {}
  close() {}
  say(event: LiveEvent) {
    const { id, ...body } = event;
    this.onmessage?.({ data: JSON.stringify(body), lastEventId: String(id) });
  }
}

class Tab {
  readonly events: number[] = [];
  readonly connections: string[] = [];
  readonly stale: string[] = [];
  readonly acting: string[] = [];
  gaps = 0;
  signedOut = false;
  readonly tabs: Tabs;

  constructor(browser: Browser, history: number | null) {
    this.tabs = new Tabs(
      new FakeChannel(browser),
      browser.elect,
      {
        connect: (url) => {
          const source = new FakeSource(url);
          browser.sources.push(source);
          return source;
        },
        isSignedIn: async () => true,
        after: () => () => undefined,
        random: () => 1,
      },
      {
        onEvent: (event) => this.events.push(event.id),
        onGap: () => {
          this.gaps += 1;
        },
        onConnection: (connection) => this.connections.push(connection),
        onStale: (what) => this.stale.push(what),
        onActing: (approvalId) => this.acting.push(approvalId),
        onSignedOut: () => {
          this.signedOut = true;
        },
      },
    );
    if (history !== null) this.tabs.position.startAt(history);
    this.tabs.start();
  }
}

let browser: Browser;
beforeEach(() => {
  browser = new Browser();
});

describe("tabs of one user", () => {
  it("share one stream, and all hear the same", () => {
    const first = new Tab(browser, 100);
    const second = new Tab(browser, 100);
    browser.stream.onopen?.();
    browser.stream.say(called(101));
    browser.stream.say(called(102));
    expect(browser.sources).toHaveLength(1);
    expect(first.events).toEqual([101, 102]);
    expect(second.events).toEqual([101, 102]);
    expect(second.connections).toEqual(["live"]);
    expect(first.gaps + second.gaps).toBe(0);
  });

  it("hand the stream on when the leader goes, from where it stood", () => {
    const first = new Tab(browser, 100);
    const second = new Tab(browser, 100);
    browser.stream.say(called(101));
    first.tabs.stop();
    expect(browser.stream.url).toBe("/my/events/?last_event_id=101");
    browser.stream.say(called(102));
    expect(second.events).toEqual([101, 102]);
    expect(first.events).toEqual([101]);
    expect(second.gaps).toBe(0);
  });

  it("notice what they missed and load again", () => {
    new Tab(browser, 100);
    browser.stream.say(called(150));
    const late = new Tab(browser, 120);
    browser.stream.say(called(151));
    expect(late.gaps).toBe(1);
    expect(late.events).toEqual([151]);
  });

  it("take nothing twice when their history is ahead of the stream", () => {
    new Tab(browser, 100);
    const ahead = new Tab(browser, 105);
    browser.stream.say(called(103));
    browser.stream.say(called(105));
    browser.stream.say(called(106));
    expect(ahead.events).toEqual([106]);
    expect(ahead.gaps).toBe(0);
  });

  it("all load again after a resync, whatever its number", () => {
    const first = new Tab(browser, 100);
    const second = new Tab(browser, 100);
    browser.stream.say(resync(50));
    browser.stream.say(called(51));
    expect([first.gaps, second.gaps]).toEqual([1, 1]);
    expect([first.events, second.events]).toEqual([[51], [51]]);
  });

  it("need no history: a stream that opens first misses nothing", () => {
    const tab = new Tab(browser, null);
    browser.stream.onopen?.();
    tab.tabs.position.startAt(100);
    browser.stream.say(called(101));
    expect(tab.gaps).toBe(0);
    expect(tab.events).toEqual([101]);
  });

  it("cannot know what happened between a history and a stream that began now", () => {
    const tab = new Tab(browser, null);
    tab.tabs.position.startAt(100);
    browser.stream.onopen?.();
    browser.stream.say(called(150));
    expect(tab.gaps).toBe(1);
  });

  it("tell each other what grew old and that the user left", () => {
    const first = new Tab(browser, 100);
    const second = new Tab(browser, 100);
    first.tabs.tellStale("chats");
    first.tabs.tellSignedOut();
    expect(second.stale).toEqual(["chats"]);
    expect(second.signedOut).toBe(true);
    expect(first.stale).toEqual([]);
  });

  it("leave a question to the one where its user acts", () => {
    const first = new Tab(browser, 100);
    const second = new Tab(browser, 100);
    first.tabs.tellActing("ap");
    expect([first.acting, second.acting]).toEqual([[], ["ap"]]);
  });

  it("learn how the line is when they come later", () => {
    new Tab(browser, 100);
    browser.stream.onopen?.();
    expect(new Tab(browser, 100).connections).toEqual(["live"]);
  });
});
