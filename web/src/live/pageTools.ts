/** Which question of a tool of the page is open in this tab. It is open in one tab only: where its user acts. */
export class PageTools {
  private opened: string | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(
    /** Tells the other tabs that this one acts. */
    private readonly tellActing: (approvalId: string) => void,
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Id of an approval. */
  readonly getOpened = (): string | null => this.opened;

  open(approvalId: string): void {
    this.change(approvalId);
  }

  close(): void {
    this.change(null);
  }

  /** Its user has said yes here: the other tabs leave it to this one. */
  act(approvalId: string): void {
    this.tellActing(approvalId);
  }

  /** Another tab acts. */
  leaveToOther(approvalId: string): void {
    if (this.opened === approvalId) this.close();
  }

  private change(opened: string | null): void {
    if (opened === this.opened) return;
    this.opened = opened;
    for (const listener of this.listeners) listener();
  }
}
