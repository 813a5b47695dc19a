import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

/** This near to the end counts as the end. */
const NEAR_PX = 60;

/**
 * Follows the end of a growing list while the reader is there, and leaves the reader alone anywhere else.
 *
 * `box` scrolls, `content` grows in it.
 */
export function useScroll(box: RefObject<HTMLElement | null>, content: RefObject<HTMLElement | null>) {
  const following = useRef(true);
  const [atEnd, setAtEnd] = useState(true);

  const toEnd = useCallback(
    (smooth = false) => {
      const element = box.current;
      if (!element) return;
      following.current = true;
      setAtEnd(true);
      element.scrollTo({ top: element.scrollHeight, behavior: smooth ? "smooth" : "instant" });
    },
    [box],
  );

  const hold = useCallback(() => {
    following.current = false;
  }, []);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let lastTop = element.scrollTop;
    const onScroll = () => {
      const left = element.scrollHeight - element.scrollTop - element.clientHeight;
      const up = element.scrollTop < lastTop - 1;
      lastTop = element.scrollTop;
      // Upwards is the reader's will to stay, unless shrinking content has moved the end itself.
      if (left <= 2 || (!up && left < NEAR_PX)) following.current = true;
      else if (up) following.current = false;
      setAtEnd(left < NEAR_PX);
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, [box]);

  useLayoutEffect(() => {
    const element = box.current;
    const growing = content.current;
    if (!element || !growing) return;
    const follow = () => {
      if (following.current) element.scrollTop = element.scrollHeight;
      else setAtEnd(element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX);
    };
    follow();
    const observer = new ResizeObserver(follow);
    observer.observe(growing);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box, content]);

  return { atEnd, toEnd, hold };
}
