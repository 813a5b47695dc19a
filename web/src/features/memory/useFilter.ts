import { useEffect, useRef, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { type Filter, filterOf, searchOf } from "./filter";

const TYPING_MS = 300;

/**
 * The filter, kept in the address, so that it survives a look at a chat. `typed`: the words as they stand in the field;
 * the filter follows when the typing pauses.
 */
export function useFilter() {
  const [, go] = useLocation();
  const filter = filterOf(useSearch());
  const [typed, setTyped] = useState(filter.q);
  const set = (next: Filter) => go(`/memory${searchOf(next)}`, { replace: true });
  const change = (part: Partial<Filter>) => {
    if (part.q !== undefined) setTyped(part.q);
    set({ ...filter, q: typed, ...part });
  };

  const search = useRef<() => void>(() => undefined);
  useEffect(() => {
    search.current = () => typed.trim() !== filter.q && set({ ...filter, q: typed });
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each letter begins the pause anew
  useEffect(() => {
    const timer = setTimeout(() => search.current(), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);

  // Another link leads here with other words.
  useEffect(() => setTyped((words) => (words.trim() === filter.q ? words : filter.q)), [filter.q]);

  return { filter, typed, setTyped, change };
}
