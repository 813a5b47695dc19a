import type { Election } from "@/live/tabs";

/** Leadership through a Web Lock: the browser hands it on when the leading tab closes, freezes or crashes. */
export function lockElection(locks: LockManager, name: string): Election {
  return (lead, signal) => {
    const held = locks.request(name, { signal }, () => {
      // The lock may be granted in the same breath in which the page gave up waiting for it.
      if (signal.aborted) return undefined;
      lead();
      return new Promise<void>((resolve) =>
        signal.addEventListener("abort", () => resolve(), { once: true }),
      );
    });
    // The wait is called off when the page goes.
    held.catch(() => undefined);
  };
}

/** Web Locks are missing on plain http: there every tab listens for itself. */
export const everyoneLeads: Election = (lead) => lead();
