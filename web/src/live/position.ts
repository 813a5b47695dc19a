import type { LiveEvent } from "@/live/events";

/**
 * How far this tab has followed the space's events. Everything a tab shows is right up to `cursor`; an event that came
 * after a position the tab never reached means that something was missed.
 */
export class Position {
  private seen = false;
  private at: number | null = null;
  /** The stream was open before anything was loaded, so its first event comes after no gap. */
  private whole = false;

  get cursor(): number | null {
    return this.at;
  }

  /** A history was loaded that is right up to `id`. Before the first event the oldest such id is where to start. */
  startAt(id: number): void {
    if (this.seen) return;
    this.at = this.at === null ? id : Math.min(this.at, id);
  }

  /** The stream is open: from here on every event is heard. */
  listening(): void {
    if (this.at === null) this.whole = true;
  }

  /** Takes the next event: is it new, old, or did it come after a gap? */
  take(event: LiveEvent, prev: number | null): "new" | "old" | "gap" {
    if (event.type === "resync") {
      this.advance(event.id);
      return "gap";
    }
    if (this.at !== null && event.id <= this.at) return "old";
    const gap = this.at !== null && (prev === null ? !this.whole : prev > this.at);
    this.advance(event.id);
    return gap ? "gap" : "new";
  }

  private advance(id: number): void {
    this.at = id;
    this.seen = true;
  }
}
