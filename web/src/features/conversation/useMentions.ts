import { type KeyboardEvent, useId, useMemo, useState } from "react";
import type { Agent } from "@/api/types";
import { optionId } from "./MentionList";
import { matchingAgents, mentionAt } from "./mentions";

/** The completion of handles in a text field: what is offered, which one is active, and the keys that choose. */
export function useMentions(
  text: string,
  agents: Agent[],
  onPick: (agent: Agent, start: number, end: number) => void,
) {
  const listId = useId();
  const [caret, setCaret] = useState(0);
  const [active, setActive] = useState(0);
  /** Where a completion was called off, so that it does not come back at once. */
  const [dismissed, setDismissed] = useState<number | null>(null);

  const mention = useMemo(() => mentionAt(text, caret), [text, caret]);
  const found = mention && mention.start !== dismissed ? matchingAgents(agents, mention.query) : [];
  const open = found.length > 0;
  const index = Math.min(active, Math.max(0, found.length - 1));

  const pick = (agent: Agent) => {
    if (!mention) return;
    onPick(agent, mention.start, mention.end);
    setActive(0);
  };

  /** True when the key was meant for the list. */
  const onKeyDown = (event: KeyboardEvent): boolean => {
    if (!open) return false;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) setActive((index + step + found.length) % found.length);
    else if (event.key === "Escape") setDismissed(mention?.start ?? null);
    else if ((event.key === "Enter" || event.key === "Tab") && found[index]) pick(found[index]);
    else return false;
    event.preventDefault();
    return true;
  };

  const noteCaret = (position: number) => {
    setCaret(position);
    if (dismissed !== null && mentionAt(text, position)?.start !== dismissed) setDismissed(null);
  };

  const aria = {
    "aria-autocomplete": "list" as const,
    "aria-haspopup": "listbox" as const,
    "aria-controls": open ? listId : undefined,
    "aria-activedescendant": open ? optionId(listId, index) : undefined,
  };
  return { open, found, index, listId, aria, pick, onKeyDown, noteCaret, setActive };
}
