import { ArrowDown } from "lucide-react";
import { memo, type RefObject, useEffect, useImperativeHandle, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useAgents } from "@/api/agents";
import { useChatState, useMessage } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { Spinner } from "@/ui/Spinner";
import { AnswerMessage } from "./AnswerMessage";
import { OutgoingMessage } from "./OutgoingMessage";
import { handleOf, UserMessage } from "./UserMessage";
import { useOlderPages } from "./useOlderPages";
import { useScroll } from "./useScroll";

export interface TimelineHandle {
  toEnd: () => void;
}

interface TimelineProps {
  store: ConversationStore;
  handle: RefObject<TimelineHandle | null>;
  onEdit: (text: string) => void;
}

const NO_IDS: readonly string[] = [];

/** The messages of a chat, oldest first, with what is on its way last. */
export function Timeline({ store, handle, onEdit }: TimelineProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const order = useChatState(store, (state) => state.conversation?.order ?? NO_IDS);
  const outbox = useChatState(store, (state) => state.outbox);
  const { atEnd, toEnd } = useScroll(box, content);
  const older = useOlderPages(store, box);
  useImperativeHandle(handle, () => ({ toEnd: () => toEnd() }), [toEnd]);

  return (
    <div className="relative min-h-0 flex-1">
      <section
        ref={box}
        aria-label={t("chat.log")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the messages must be scrollable by keyboard
        tabIndex={0}
        className="scroll-thin h-full overflow-y-auto overflow-x-hidden focus-visible:outline-offset-[-2px]"
      >
        <div ref={content} className="mx-auto flex max-w-3xl flex-col gap-6 px-4 pt-6 pb-8 md:px-6">
          <div ref={older.sentinel} className="flex justify-center text-[0.87rem] text-ink-faint">
            {older.loading ? (
              <span className="flex items-center gap-2">
                <Spinner /> {t("chat.older")}
              </span>
            ) : (
              !older.more && order.length > 20 && t("chat.beginning")
            )}
          </div>
          {order.map((id, index) => (
            <Row key={id} store={store} id={id} last={index === order.length - 1} />
          ))}
          {outbox.map((outgoing) => (
            <OutgoingMessage
              key={outgoing.key}
              outgoing={outgoing}
              onResend={() => void store.resend(outgoing.key)}
              onDiscard={() => store.discard(outgoing.key)}
              onEdit={() => {
                store.discard(outgoing.key);
                onEdit(outgoing.content);
              }}
            />
          ))}
        </div>
      </section>
      {!atEnd && (
        <button
          type="button"
          onClick={() => toEnd(true)}
          className="absolute inset-x-0 bottom-3 mx-auto flex h-9 w-fit animate-rise items-center gap-2 rounded-full border border-line bg-raised px-3.5 font-medium text-[0.87rem] shadow-float hover:bg-hover"
        >
          <ArrowDown aria-hidden className="size-4" />
          {t("chat.jump")}
        </button>
      )}
    </div>
  );
}

/** One message. It renders again only when that very message or its run changes. */
const Row = memo(function Row({ store, id, last }: { store: ConversationStore; id: string; last: boolean }) {
  const message = useMessage(store, id);
  const run = useChatState(store, (state) =>
    message?.run_id ? state.conversation?.runs[message.run_id] : undefined,
  );
  const { data: agents = [] } = useAgents();
  const own = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // A message that was being written keeps its real height when it is over.
    if (message?.status === "streaming") own.current?.style.setProperty("content-visibility", "visible");
  }, [message?.status]);
  if (!message) return null;
  return (
    <div ref={own} className="far-is-cheap" data-message={id}>
      {message.role === "user" ? (
        <UserMessage
          content={message.content}
          target={handleOf(message.target_agent, message.content, agents)}
        />
      ) : (
        <AnswerMessage
          message={message}
          run={run}
          agent={agents.find((agent) => agent.agent_id === (message.agent_id ?? run?.agent_id))}
          last={last}
          onRetried={() => void store.refresh()}
        />
      )}
    </div>
  );
});
