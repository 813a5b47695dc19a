import { isPassing } from "@/api/problem";
import type { Sent, UserFile } from "@/api/types";

/** A message on its way to the server. Its key makes every repetition safe. */
export interface Outgoing {
  key: string;
  content: string;
  /** The handle it is for, or null when the text or the server decides. */
  target: string | null;
  /** What goes along with it. */
  files: readonly UserFile[];
  status: "sending" | "failed";
  /** Why it failed; null while it is on its way. */
  error: unknown;
}

export type Post = (outgoing: Outgoing) => Promise<Sent>;
export type Pause = (milliseconds: number) => Promise<void>;

const PAUSES_MS = [400, 1000, 2500, 5000];

/** Posts until it arrives, or until trying again cannot help any more. */
export async function deliver(outgoing: Outgoing, post: Post, pause: Pause): Promise<Sent> {
  for (const wait of PAUSES_MS) {
    try {
      return await post(outgoing);
    } catch (error) {
      if (!isPassing(error)) throw error;
      await pause(wait);
    }
  }
  return post(outgoing);
}

/** What was written first arrives first: each work begins when the one before it has ended, however it did. */
export function oneByOne(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work, work);
    last = done;
    return done;
  };
}

/** Resolves after a while, or as soon as the network is back. */
export function pauseOrOnline(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done);
  });
}
