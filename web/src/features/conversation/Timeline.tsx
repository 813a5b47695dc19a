import { ArrowDown } from "lucide-react";
import { type RefObject, useCallback, useEffect, useImperativeHandle, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useChatState } from "@/live/LiveProvider";
import type { Outgoing } from "@/live/outbox";
import type { ConversationStore } from "@/live/store";
import { HoldContext } from "@/ui/hold";
import { Spinner } from "@/ui/Spinner";
import { Chunk } from "./Chunk";
import { chunksOf } from "./chunks";
import { OutgoingMessage } from "./OutgoingMessage";
import { useNamedMessage } from "./useNamedMessage";
import { useOlderPages } from "./useOlderPages";
import { useScroll } from "./useScroll";

export interface TimelineHandle {
  toEnd: () => void;
}

interface TimelineProps {
  store: ConversationStore;
  handle: RefObject<TimelineHandle | null>;
  /** A message that was not taken is written anew. */
  onEdit: (outgoing: Outgoing) => void;
}

const NO_IDS: readonly string[] = [];

/** The messages of a chat, oldest first, with what is on its way last. */
export function Timeline({ store, handle, onEdit }: TimelineProps) {
  const { t } = useTranslation();
  const box = useRef<HTMLElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const order = useChatState(store, (state) => state.conversation?.order ?? NO_IDS);
  const outbox = useChatState(store, (state) => state.outbox);
  const chunks = useChunks(order);
  const chunksRef = useRef(chunks);
  chunksRef.current = chunks;
  const { atEnd, toEnd, hold } = useScroll(box, content);
  const older = useOlderPages(store, box);
  const chunkOf = useCallback(
    (id: string) => chunksRef.current.find(({ ids }) => ids.includes(id))?.ids[0],
    [],
  );
  useNamedMessage(store, box, chunkOf, hold);
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
          <div ref={older.sentinel} className="flex h-5 justify-center text-[0.87rem] text-ink-faint">
            {older.loading ? (
              <span className="flex items-center gap-2">
                <Spinner /> {t("chat.older")}
              </span>
            ) : (
              !older.more && order.length > 20 && t("chat.beginning")
            )}
          </div>
          <HoldContext value={hold}>
            {chunks.map(({ ids, near }, index) => (
              <Chunk key={ids[0]} store={store} ids={ids} near={near} last={index === chunks.length - 1} />
            ))}
          </HoldContext>
          {outbox.map((outgoing) => (
            <OutgoingMessage
              key={outgoing.key}
              outgoing={outgoing}
              onResend={() => void store.resend(outgoing.key)}
              onDiscard={() => store.discard(outgoing.key)}
              onEdit={() => {
                store.discard(outgoing.key);
                onEdit(outgoing);
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

/** The messages in chunks; those that were there from the beginning are shown only near the end. */
function useChunks(order: readonly string[]) {
  const origin = useRef(order[0]);
  const drawn = useRef(false);
  useEffect(() => {
    drawn.current = true;
  }, []);
  if (origin.current === undefined || !order.includes(origin.current)) origin.current = order[0];
  const chunks = chunksOf(order, Math.max(0, order.indexOf(origin.current ?? "")));
  return chunks.map((ids, index) => ({ ids, near: drawn.current || index >= chunks.length - 2 }));
}
