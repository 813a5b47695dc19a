import { ArrowUp, Square } from "lucide-react";
import {
  type KeyboardEvent,
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { useAgents } from "@/api/agents";
import type { Agent } from "@/api/types";
import { cx } from "@/lib/cx";
import { IconButton } from "@/ui/IconButton";
import { MentionList } from "./MentionList";
import { splitAddress } from "./mentions";
import { TargetMenu } from "./TargetMenu";
import { useMentions } from "./useMentions";

export interface ComposerHandle {
  focus: () => void;
}

interface ComposerProps {
  draft: string;
  onDraft: (text: string) => void;
  target: string | null;
  onTarget: (target: string | null) => void;
  /** Takes a message for an agent's handle, or null for Auto. */
  onSend: (content: string, target: string | null) => void;
  /** Stops the answer that is being written; absent when there is none. */
  onStop?: () => void;
  handle?: Ref<ComposerHandle>;
}

const NO_AGENTS: Agent[] = [];

/** Where messages are written: text, whom it is for, send and stop. */
export function Composer({ draft, onDraft, target, onTarget, onSend, onStop, handle }: ComposerProps) {
  const { t } = useTranslation();
  const { data: agents = NO_AGENTS, isPending } = useAgents();
  /** Enter came before the team was known: the message goes as soon as it is clear whom it is for. */
  const [hurried, setHurried] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useImperativeHandle(handle, () => ({ focus: () => field.current?.focus() }), []);
  useGrowing(field, draft);

  const mentions = useMentions(draft, agents, (agent, start, end) => {
    const address = draft.slice(0, start).trim() === "";
    const rest = draft.slice(end).replace(/^\s/, "");
    // At the beginning a handle says who answers; anywhere else it is a word like any other.
    if (address) onTarget(agent.handle);
    const before = address ? "" : `${draft.slice(0, start)}@${agent.handle} `;
    onDraft(before + rest);
    requestAnimationFrame(() => field.current?.setSelectionRange(before.length, before.length));
  });

  const send = () => {
    const text = draft.trim();
    if (!text) return;
    if (isPending) return setHurried(true);
    const addressed = splitAddress(text, agents);
    onSend(addressed?.content ?? text, addressed?.target ?? target);
    if (addressed) onTarget(addressed.target);
  };

  useEffect(() => {
    if (!hurried || isPending) return;
    setHurried(false);
    send();
  });

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing || mentions.onKeyDown(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && onStop) {
      event.preventDefault();
      onStop();
    }
  };

  return (
    <div className="relative mx-auto w-full max-w-3xl">
      {mentions.open && (
        <MentionList
          id={mentions.listId}
          agents={mentions.found}
          active={mentions.index}
          onPick={mentions.pick}
          onHover={mentions.setActive}
        />
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
        className={cx(
          "rounded-2xl border border-line-strong/45 bg-raised shadow-float transition-colors",
          "focus-within:border-accent",
        )}
      >
        <textarea
          ref={field}
          value={draft}
          rows={1}
          {...mentions.aria}
          aria-label={t("chat.message")}
          placeholder={target ? t("chat.placeholder", { handle: target }) : t("chat.placeholderAuto")}
          onChange={(event) => {
            onDraft(event.target.value);
            mentions.noteCaret(event.target.selectionStart);
          }}
          onSelect={(event) => mentions.noteCaret(event.currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
          className="scroll-thin field-sizing-content block max-h-[40dvh] w-full resize-none bg-transparent px-4 pt-3.5 pb-1 leading-relaxed outline-none"
        />
        <div className="flex items-center justify-between gap-2 px-2 pb-2">
          <TargetMenu
            agents={agents.filter((agent) => agent.is_active)}
            target={target}
            onChange={onTarget}
          />
          <div className="flex items-center gap-1.5">
            {onStop && (
              <IconButton
                icon={Square}
                label={t("chat.stop")}
                hotkey="Esc"
                onClick={onStop}
                className="border border-line [&_svg]:size-3.5 [&_svg]:fill-current"
              />
            )}
            {(!onStop || draft.trim() !== "") && (
              <IconButton
                icon={ArrowUp}
                label={t("chat.send")}
                type="submit"
                disabled={draft.trim() === ""}
                look="primary"
              />
            )}
          </div>
        </div>
      </form>
    </div>
  );
}

/** Makes the field as high as its text, up to its own limit, in browsers whose styles cannot. */
function useGrowing(field: React.RefObject<HTMLTextAreaElement | null>, text: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height depends on the text that is shown
  useLayoutEffect(() => {
    const element = field.current;
    if (!element || CSS.supports("field-sizing", "content")) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);
}
