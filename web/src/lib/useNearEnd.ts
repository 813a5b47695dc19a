import { useEffect, useRef } from "react";

/** Calls `load` when the mark at the end of a list comes near, as long as more is `wanted`. Answers the mark's ref. */
export function useNearEnd(wanted: boolean, load: () => void) {
  const end = useRef<HTMLDivElement>(null);
  const current = useRef(load);
  useEffect(() => {
    current.current = load;
  });
  useEffect(() => {
    const mark = end.current;
    if (!mark || !wanted) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && current.current(), {
      rootMargin: "300px",
    });
    observer.observe(mark);
    return () => observer.disconnect();
  }, [wanted]);
  return end;
}
