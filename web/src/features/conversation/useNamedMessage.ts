import { type RefObject, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useSearch } from "wouter";
import { useChatState } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { useToast } from "@/ui/toasts";

/** So many pages of older messages are loaded for it, 50 messages each. */
const MOST_PAGES = 40;
/** What is above may turn out higher than guessed: the message is centred until that has settled. */
const FRAMES = { most: 120, settled: 12 };

/**
 * Brings the message into view that the address names ("?message=..."), loading older ones as far as it takes.
 *
 * `chunkOf`: the first message of the chunk that it stands in; `hold`: the end is not followed any more.
 */
export function useNamedMessage(
  store: ConversationStore,
  box: RefObject<HTMLElement | null>,
  chunkOf: (id: string) => string | undefined,
  hold: () => void,
): void {
  const { t } = useTranslation();
  const toast = useToast();
  const [path, go] = useLocation();
  const named = new URLSearchParams(useSearch()).get("message");
  const known = useChatState(
    store,
    (state) => named !== null && named in (state.conversation?.messages ?? {}),
  );
  const more = useChatState(store, (state) => state.conversation?.olderCursor != null);
  const loading = useChatState(store, (state) => state.loadingOlder);
  const pages = useRef(0);

  useEffect(() => {
    if (!named || loading) return;
    hold();
    if (!known && more && pages.current < MOST_PAGES) {
      pages.current += 1;
      store.loadOlder().catch(() => {
        pages.current = MOST_PAGES;
      });
      return;
    }
    pages.current = 0;
    if (known && box.current) show(box.current, named, chunkOf(named));
    else toast({ title: t("memory.far") });
    // Coming back here later does not lead there again.
    go(path, { replace: true });
  }, [named, known, more, loading, store, box, chunkOf, hold, toast, t, path, go]);
}

function show(box: HTMLElement, id: string, chunk: string | undefined): void {
  if (chunk) box.querySelector(`[data-chunk="${CSS.escape(chunk)}"]`)?.scrollIntoView({ block: "start" });
  let shown = 0;
  const step = (frame: number) => {
    const row = box.querySelector<HTMLElement>(`[data-message="${CSS.escape(id)}"]`);
    if (row) {
      if (shown === 0) point(row);
      shown += 1;
      row.scrollIntoView({ block: row.offsetHeight > box.clientHeight ? "start" : "center" });
    }
    if (frame < FRAMES.most && shown < FRAMES.settled) requestAnimationFrame(() => step(frame + 1));
  };
  requestAnimationFrame(() => step(0));
}

/** Shows which one is meant, to the eye and to a screen reader. */
function point(row: HTMLElement): void {
  row.tabIndex = -1;
  row.focus({ preventScroll: true });
  row.animate?.(
    [
      { backgroundColor: "var(--accent-soft)", boxShadow: "0 0 0 0.5rem var(--accent-soft)" },
      { backgroundColor: "transparent", boxShadow: "0 0 0 0.5rem transparent" },
    ],
    { duration: 2600, easing: "ease-in" },
  );
}
