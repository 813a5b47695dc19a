import { type LiveEvent, parseEvent } from "@/live/events";

export type Connection = "connecting" | "live" | "reconnecting";

/** The part of EventSource that is used here. */
export interface Source {
  onopen: (() => void) | null;
  onmessage: ((message: { data: string; lastEventId: string }) => void) | null;
  onerror: (() => void) | null;
  close(): void;
}

export interface StreamServices {
  connect(url: string): Source;
  /** Whether the server still knows this sign-in; throws when it cannot be asked. */
  isSignedIn(): Promise<boolean>;
  /** Calls back after a while; answers how to call that off. */
  after(milliseconds: number, callback: () => void): () => void;
  random(): number;
}

export interface StreamListener {
  /** `prev` is the position the event came after, null when the stream began at "now". */
  onEvent(event: LiveEvent, prev: number | null): void;
  onConnection(connection: Connection): void;
  onSignedOut(): void;
}

const FIRST_PAUSE_MS = 500;
/** A server that is started again is back within ten seconds: somebody waits before the page, and sees it soon. */
const LONGEST_PAUSE_MS = 3_000;
/** Of one that is still away after so many attempts, about half a minute, more is wrong than a restart. */
const PATIENT_AFTER = 12;
const LONGEST_PATIENT_PAUSE_MS = 15_000;

/** The event stream of the whole space: one connection, opened again where it broke off. */
export class EventStream {
  private source: Source | null = null;
  private cancelPause: (() => void) | null = null;
  private cursor: number | null = null;
  private failures = 0;
  private running = false;

  constructor(
    private readonly services: StreamServices,
    private readonly listener: StreamListener,
    /** Id of the last event that needs no replay, as long as none has arrived; null for "from now on". */
    private readonly startFrom: () => number | null,
  ) {}

  start(): void {
    this.running = true;
    this.listener.onConnection("connecting");
    this.open();
  }

  stop(): void {
    this.running = false;
    this.shut();
  }

  /** Tries at once: the network came back, or the machine woke up. */
  reopen(): void {
    if (!this.running) return;
    this.failures = 0;
    this.shut();
    this.open();
  }

  private open(): void {
    this.cursor ??= this.startFrom();
    const query = this.cursor === null ? "" : `?last_event_id=${this.cursor}`;
    const source = this.services.connect(`/my/events/${query}`);
    this.source = source;
    source.onopen = () => {
      this.failures = 0;
      this.listener.onConnection("live");
    };
    source.onmessage = ({ data, lastEventId }) => {
      const event = parseEvent(data, lastEventId);
      if (!event) return;
      const prev = this.cursor;
      this.cursor = event.id;
      this.listener.onEvent(event, prev);
    };
    // EventSource would try again by itself, but without patience and for ever, even after a 401.
    source.onerror = () => void this.recover();
  }

  private async recover(): Promise<void> {
    this.shut();
    this.failures += 1;
    this.listener.onConnection("reconnecting");
    const known = await this.services.isSignedIn().catch(() => true);
    if (!this.running || this.source) return;
    if (known) this.cancelPause = this.services.after(this.pause(), () => this.open());
    else {
      this.running = false;
      this.listener.onSignedOut();
    }
  }

  private pause(): number {
    const longest = this.failures > PATIENT_AFTER ? LONGEST_PATIENT_PAUSE_MS : LONGEST_PAUSE_MS;
    const full = Math.min(longest, FIRST_PAUSE_MS * 2 ** (this.failures - 1));
    return full * (0.5 + this.services.random() / 2);
  }

  private shut(): void {
    this.cancelPause?.();
    this.cancelPause = null;
    if (!this.source) return;
    this.source.onopen = null;
    this.source.onmessage = null;
    this.source.onerror = null;
    this.source.close();
    this.source = null;
  }
}
