import type { LiveEvent } from "@/live/events";
import { Position } from "@/live/position";
import { type Connection, EventStream, type StreamServices } from "@/live/stream";

/** What tabs of one user say to each other. */
export type TabMessage =
  | { kind: "event"; event: LiveEvent; prev: number | null }
  | { kind: "connection"; connection: Connection }
  | { kind: "who-leads" }
  | { kind: "stale"; what: string }
  | { kind: "acting"; approvalId: string }
  | { kind: "signed-out" };

export interface Channel {
  postMessage(message: TabMessage): void;
  onmessage: ((message: { data: TabMessage }) => void) | null;
  close(): void;
}

/** Runs `lead` once this tab is the leader; leadership lasts until the signal is aborted. */
export type Election = (lead: () => void, signal: AbortSignal) => void;

export interface TabsListener {
  onEvent(event: LiveEvent): void;
  /** Events were missed: whatever is shown has to be loaded again. */
  onGap(): void;
  onConnection(connection: Connection): void;
  /** Another tab changed something that no event tells of. */
  onStale(what: string): void;
  /** The user answers a question to the page in another tab. */
  onActing(approvalId: string): void;
  onSignedOut(): void;
}

/** All tabs of a user share one event stream: the leader holds it and passes on what it hears. */
export class Tabs {
  readonly position = new Position();
  private stream: EventStream | null = null;
  private connection: Connection = "connecting";
  private readonly leaving = new AbortController();

  constructor(
    private readonly channel: Channel,
    private readonly elect: Election,
    private readonly services: StreamServices,
    private readonly listener: TabsListener,
  ) {}

  start(): void {
    this.channel.onmessage = ({ data }) => this.hear(data);
    this.channel.postMessage({ kind: "who-leads" });
    this.elect(() => this.lead(), this.leaving.signal);
  }

  stop(): void {
    this.leaving.abort();
    this.stream?.stop();
    this.stream = null;
    this.channel.onmessage = null;
    this.channel.close();
  }

  /** The network is back or the page is seen again. Only the leader's stream minds. */
  wake(): void {
    this.stream?.reopen();
  }

  tellStale(what: string): void {
    this.channel.postMessage({ kind: "stale", what });
  }

  tellActing(approvalId: string): void {
    this.channel.postMessage({ kind: "acting", approvalId });
  }

  tellSignedOut(): void {
    this.channel.postMessage({ kind: "signed-out" });
  }

  private lead(): void {
    if (this.leaving.signal.aborted) return;
    this.stream = new EventStream(
      this.services,
      {
        onEvent: (event, prev) => {
          this.channel.postMessage({ kind: "event", event, prev });
          this.take(event, prev);
        },
        onConnection: (connection) => {
          this.channel.postMessage({ kind: "connection", connection });
          this.changeConnection(connection);
        },
        onSignedOut: () => {
          this.tellSignedOut();
          this.listener.onSignedOut();
        },
      },
      () => this.position.cursor,
    );
    this.stream.start();
  }

  private hear(message: TabMessage): void {
    switch (message.kind) {
      case "event":
        this.take(message.event, message.prev);
        break;
      case "connection":
        this.changeConnection(message.connection);
        break;
      case "who-leads":
        if (this.stream) this.channel.postMessage({ kind: "connection", connection: this.connection });
        break;
      case "stale":
        this.listener.onStale(message.what);
        break;
      case "acting":
        this.listener.onActing(message.approvalId);
        break;
      case "signed-out":
        this.listener.onSignedOut();
    }
  }

  private take(event: LiveEvent, prev: number | null): void {
    const found = this.position.take(event, prev);
    if (found === "old") return;
    if (event.type !== "resync") this.listener.onEvent(event);
    if (found === "gap") this.listener.onGap();
  }

  private changeConnection(connection: Connection): void {
    if (connection === this.connection) return;
    const blind = this.connection === "reconnecting" && this.position.cursor === null;
    this.connection = connection;
    if (connection === "live") {
      this.position.listening();
      if (blind) this.listener.onGap();
    }
    this.listener.onConnection(connection);
  }
}
