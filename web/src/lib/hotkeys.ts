import { useEffect, useRef } from "react";

export interface Hotkey {
  /** As in KeyboardEvent.key, lower case. */
  key: string;
  /** With Ctrl, or Command on a Mac. */
  mod?: boolean;
  shift?: boolean;
  /** Also while a text field has the focus. */
  whileTyping?: boolean;
  run: () => void;
}

/** Listens for keys on the whole page as long as the component is there. */
export function useHotkeys(hotkeys: Hotkey[]): void {
  const current = useRef(hotkeys);
  useEffect(() => {
    current.current = hotkeys;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || event.altKey) return;
      const hotkey = current.current.find((candidate) => matches(candidate, event));
      if (!hotkey) return;
      event.preventDefault();
      hotkey.run();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}

function matches(hotkey: Hotkey, event: KeyboardEvent): boolean {
  const sameKey =
    event.key.toLowerCase() === hotkey.key || (hotkey.mod === true && event.code === codeOf(hotkey.key));
  const mod = event.ctrlKey || event.metaKey;
  if (!sameKey || mod !== (hotkey.mod ?? false) || event.shiftKey !== (hotkey.shift ?? false)) return false;
  return hotkey.mod || hotkey.whileTyping || !isTyping(event.target);
}

/** The key's place, so that shortcuts work with a Russian layout too. */
const codeOf = (key: string) => `Key${key.toUpperCase()}`;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

export const modKey = () => (/Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl+");
