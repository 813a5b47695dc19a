import { useEffect, useRef } from "react";

/** Warns before the page is left with changes that were not saved. */
export function useUnsaved(changed: boolean) {
  const guarding = useRef(false);
  useEffect(() => {
    guarding.current = changed;
    const warn = (event: BeforeUnloadEvent) => {
      if (guarding.current) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [changed]);
  return {
    /** The changes are saved or no longer wanted. */
    forget: () => {
      guarding.current = false;
    },
  };
}
