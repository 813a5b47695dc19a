import { Brain, BrainOff, ChevronRight } from "lucide-react";
import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Recalled } from "@/api/types";
import { cx } from "@/lib/cx";
import { useChatState } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { useHold } from "@/ui/hold";
import { ForgetMemory } from "@/ui/memory/ForgetMemory";
import { RecalledItem } from "./RecalledItem";

interface RecalledMemoriesProps {
  store: ConversationStore;
  messageId: string;
  /** Which attempt at the answer is shown: what was recalled for an earlier one is void. */
  attempt: number;
}

/** What was put before the model from memory, in a line; opened, each memory with its reason. Or that nothing was,
because memory did not answer. */
export function RecalledMemories({ store, messageId, attempt }: RecalledMemoriesProps) {
  const { t } = useTranslation();
  const id = useId();
  const hold = useHold();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const [forgetting, setForgetting] = useState<Recalled | null>(null);
  const recalled = useChatState(store, (state) => state.conversation?.recalled[messageId]);
  if (!recalled || recalled.attempt < attempt) return null;
  if (recalled.missed) {
    return (
      <p className="mb-2 flex items-center gap-2 text-[0.87rem] text-ink-soft">
        <BrainOff aria-hidden className="size-4 shrink-0" />
        {t("memory.missed")}
      </p>
    );
  }
  if (recalled.items.length === 0) return null;
  return (
    <div className="mb-2">
      <button
        ref={button}
        type="button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => {
          hold();
          setOpen(!open);
        }}
        className="-mx-2 flex min-h-8 items-center gap-2 rounded-lg px-2 py-1 text-left text-[0.87rem] text-ink-soft hover:bg-hover hover:text-ink"
      >
        <Brain aria-hidden className="size-4 shrink-0" />
        {t("memory.recalled", { count: recalled.items.length })}
        <ChevronRight
          aria-hidden
          className={cx("size-4 shrink-0 text-ink-faint transition-transform", open && "rotate-90")}
        />
      </button>
      {open && (
        <div id={id} className="mt-1 ml-1.5 border-line border-l-2 pl-4">
          <ul className="flex flex-col gap-3.5 py-1">
            {recalled.items.map((item) => (
              <RecalledItem
                key={item.id}
                item={item}
                sessionId={store.sessionId}
                onForget={() => setForgetting(item)}
              />
            ))}
          </ul>
          <Link
            href="/memory"
            className="mt-2 inline-block rounded text-[0.84rem] text-accent-text hover:underline"
          >
            {t("memory.manage")}
          </Link>
        </div>
      )}
      {forgetting && (
        <ForgetMemory
          id={forgetting.id}
          text={forgetting.text ?? ""}
          sessionId={forgetting.session_id}
          focus={button}
          onClose={() => setForgetting(null)}
        />
      )}
    </div>
  );
}
