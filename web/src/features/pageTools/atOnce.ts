import { copyText } from "@/lib/clipboard";
import type { PageDeed } from "@/ui/tools/known";
import { readClipboard } from "./ClipboardBody";
import type { PageApproval } from "./PageToolDialog";
import { findPosition } from "./position";
import type { PageProblem } from "./problem";

/** What the page does by itself once its user has allowed it for good. Rejects with a PageProblem. */
export async function atOnce({ tool }: PageApproval, deed: PageDeed): Promise<unknown> {
  switch (deed) {
    case "geolocation":
      return findPosition(tool.arguments.high_accuracy === true);
    case "clipboardRead":
      return { text: await readClipboard() };
    case "clipboardWrite":
      if (await copyText(String(tool.arguments.text ?? ""))) return { written: true };
      throw { error: "failed" } satisfies PageProblem;
    default:
      throw { error: "unsupported" } satisfies PageProblem;
  }
}

/** Cameras, microphones and files need their user in any case. */
export const actsAtOnce = ({ tool }: PageApproval, deed: PageDeed) =>
  tool.remembered && (deed === "geolocation" || deed === "clipboardRead" || deed === "clipboardWrite");

/** Runs in one tab only, where browsers can tell. */
export async function inOneTab(name: string, run: () => Promise<void>): Promise<void> {
  if (!navigator.locks) return run();
  await navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? run() : undefined));
}
