import { ArrowUp, Square } from "lucide-react";
import {
  type KeyboardEvent,
  type Ref,
  Suspense,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import { useAgents } from "@/api/agents";
import type { Agent, UserFile } from "@/api/types";
import { cx } from "@/lib/cx";
import { IconButton } from "@/ui/IconButton";
import { AttachButton } from "./files/AttachButton";
import { AttachmentTray, DropHint } from "./files/later";
import type { Attachments } from "./files/useAttachments";
import { pastedFiles, useFileDrop } from "./files/useFileDrop";
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
  /** A handle, null for Auto; undefined until the team is known, and then nothing is sent. */
  target: string | null | undefined;
  onTarget: (target: string | null) => void;
  /** What goes along with the message. */
  files: Attachments;
  /** Takes a message for an agent's handle, or null for Auto. */
  onSend: (content: string, target: string | null, files: UserFile[]) => void;
  /** Stops the answer that is being written; absent when there is none. */
  onStop?: () => void;
  handle?: Ref<ComposerHandle>;
}

const NO_AGENTS: Agent[] = [];

/** Where messages are written: text, files, whom it is for, send and stop. */
export function Composer({ draft, onDraft, target, onTarget, files, onSend, onStop, handle }: ComposerProps) {
  const { t } = useTranslation();
  const { data: agents = NO_AGENTS, isError, refetch } = useAgents();
  /** Enter came before the team was known, or before its files were there: the message goes as soon as they are. */
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

  const over = useFileDrop((dropped) => {
    files.add(dropped);
    field.current?.focus();
  });
  const text = draft.trim();
  const something = text !== "" || files.items.length > 0;
  // Of what `target` was made from, not of the query: this component may be drawn before the one that knows whom to ask.
  const waits = target === undefined || files.busy;

  const send = () => {
    // What is wrong with a file stands beside it.
    if (!something || files.failed) return;
    if (waits) {
      if (isError) void refetch();
      return setHurried(true);
    }
    const addressed = splitAddress(text, agents);
    onSend(addressed?.content ?? text, addressed?.target ?? target, files.take());
    if (addressed) onTarget(addressed.target);
  };

  useEffect(() => {
    if (!hurried || waits) return;
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
          "relative rounded-2xl border border-line-strong/45 bg-raised shadow-float transition-colors",
          "focus-within:border-accent",
        )}
      >
        <Suspense fallback={null}>
          {over && <DropHint />}
          {(files.items.length > 0 || files.leftOut > 0) && <AttachmentTray files={files} />}
        </Suspense>
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
          onPaste={(event) => {
            const pasted = pastedFiles(event);
            if (pasted.length === 0) return;
            event.preventDefault();
            files.add(pasted);
          }}
          className="scroll-thin field-sizing-content block max-h-[40dvh] w-full resize-none bg-transparent px-4 pt-3.5 pb-1 leading-relaxed outline-none"
        />
        <div className="flex items-center justify-between gap-2 px-2 pb-2">
          <div className="flex min-w-0 items-center gap-0.5">
            <AttachButton
              onFiles={(chosen) => {
                files.add(chosen);
                field.current?.focus();
              }}
            />
            <TargetMenu
              agents={agents.filter((agent) => agent.is_active)}
              target={target ?? null}
              onChange={onTarget}
            />
          </div>
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
            {(!onStop || something) && (
              <IconButton
                icon={ArrowUp}
                label={t("chat.send")}
                type="submit"
                disabled={!something || files.failed}
                aria-busy={hurried || undefined}
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
