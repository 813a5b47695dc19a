import { type RefObject, useEffect, useLayoutEffect, useRef } from "react";
import { useChatState } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";

/** Loads older messages before the reader comes to the beginning, and keeps what is read in its place. */
export function useOlderPages(store: ConversationStore, box: RefObject<HTMLElement | null>) {
  const sentinel = useRef<HTMLDivElement>(null);
  const more = useChatState(store, (state) => state.conversation?.olderCursor != null);
  const loading = useChatState(store, (state) => state.loadingOlder);
  const first = useChatState(store, (state) => state.conversation?.order[0]);
  const held = useRef<{ id: string; top: number } | null>(null);

  useEffect(() => {
    const mark = sentinel.current;
    if (!mark || !more || loading) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) void store.loadOlder().catch(() => undefined);
      },
      { root: box.current, rootMargin: "900px 0px 0px 0px" },
    );
    observer.observe(mark);
    return () => observer.disconnect();
  }, [store, box, more, loading]);

  // Browsers hold the reader's place by themselves, except at the very top and where they lack scroll anchoring.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || !first) return;
    const before = held.current;
    const row = before && element.querySelector(`[data-chunk="${CSS.escape(before.id)}"]`);
    if (before && row && before.id !== first) {
      element.scrollTop += row.getBoundingClientRect().top - before.top;
    }
    const remember = () => {
      const top = element.querySelector(`[data-chunk="${CSS.escape(first)}"]`)?.getBoundingClientRect().top;
      held.current = top === undefined ? null : { id: first, top };
    };
    remember();
    element.addEventListener("scroll", remember, { passive: true });
    return () => element.removeEventListener("scroll", remember);
  }, [box, first]);

  return { sentinel, more, loading };
}
