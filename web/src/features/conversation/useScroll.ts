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

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    let lastTop = element.scrollTop;
    let lastHeight = element.scrollHeight;
    const onScroll = () => {
      const near = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
      // Only a movement upwards that no shrinking content explains is the reader's will to stay.
      const up = element.scrollTop < lastTop - 1 && element.scrollHeight >= lastHeight;
      lastTop = element.scrollTop;
      lastHeight = element.scrollHeight;
      if (near && !up) following.current = true;
      else if (up && !near) following.current = false;
      setAtEnd(near);
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

  return { atEnd, toEnd };
}
