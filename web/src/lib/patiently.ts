const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 4000;
const TRIES = 3;

/**
 * Loads a part of the page, however long the server is away: a page that is open outlives its restart.
 *
 * A server that answers but has not got the part is another version of it: then only loading the page anew helps.
 */
export async function patiently<Part>(load: () => Promise<Part>): Promise<Part> {
  for (let tries = 1; ; tries++) {
    try {
      return await load();
    } catch (error) {
      if (tries >= TRIES && (await serverAnswers())) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.min(PAUSE_MS * tries, LONGEST_PAUSE_MS)));
    }
  }
}

const serverAnswers = () =>
  fetch("/healthz", { cache: "no-store" }).then(
    (answer) => answer.ok,
    () => false,
  );

const MOST_STYLE_TRIES = 60;

/** Loads the stylesheet of a part once more when that failed: the part itself is tried again without it. */
export function mendStyles(): void {
  const mend = ({ target: link }: Event) => {
    if (!(link instanceof HTMLLinkElement) || link.rel !== "stylesheet") return;
    const tries = Number(link.dataset.tries ?? 0) + 1;
    if (tries > MOST_STYLE_TRIES) return;
    const again = link.cloneNode() as HTMLLinkElement;
    again.dataset.tries = String(tries);
    setTimeout(() => link.replaceWith(again), Math.min(PAUSE_MS * tries, LONGEST_PAUSE_MS));
  };
  addEventListener("error", mend, true);
}
