import { memo, useEffect, useRef, useState } from "react";
import type { ConversationStore } from "@/live/store";
import { guessHeight } from "./chunks";
import { Row } from "./Row";

interface ChunkProps {
  store: ConversationStore;
  ids: string[];
  /** Shown from the first moment on. */
  near: boolean;
  /** The end of the chat is in it: always shown. */
  last: boolean;
}

/** What lies within so many pixels of what is in view is shown. */
const MARGIN = "2500px 0px";

/** Some messages in a row; far from view they are an empty box of the same height, so that long chats stay light. */
export const Chunk = memo(
  function Chunk({ store, ids, near, last }: ChunkProps) {
    const box = useRef<HTMLDivElement>(null);
    const [shown, setShown] = useState(near);
    const [height, setHeight] = useState<number | null>(null);

    useEffect(() => {
      const element = box.current;
      if (!element) return;
      const observer = new IntersectionObserver(
        ([entry]) => {
          if (!entry) return;
          if (entry.isIntersecting) return setShown(true);
          if (element.contains(document.activeElement) || entry.boundingClientRect.height === 0) return;
          setHeight(entry.boundingClientRect.height);
          setShown(false);
        },
        { root: element.closest("section"), rootMargin: MARGIN },
      );
      observer.observe(element);
      return () => observer.disconnect();
    }, []);

    if (!shown && !last) {
      const messages = store.getState().conversation?.messages ?? {};
      const guess = height ?? guessHeight(ids.map((id) => messages[id]?.content ?? ""));
      return <div ref={box} data-chunk={ids[0]} style={{ height: guess }} />;
    }
    return (
      <div ref={box} data-chunk={ids[0]} className="flex flex-col gap-6">
        {ids.map((id, index) => (
          <Row key={id} store={store} id={id} last={last && index === ids.length - 1} />
        ))}
      </div>
    );
  },
  (before, after) =>
    before.store === after.store &&
    before.last === after.last &&
    before.ids.length === after.ids.length &&
    before.ids.every((id, index) => id === after.ids[index]),
);
