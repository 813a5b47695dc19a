import {
  ChevronRight,
  CircleCheck,
  CircleDashed,
  CircleSlash,
  CircleX,
  Clock,
  Hand,
  LoaderCircle,
  type LucideIcon,
  OctagonPause,
} from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ToolCall } from "@/api/types";
import { cx } from "@/lib/cx";
import { duration } from "@/lib/format";
import type { LiveCall } from "@/live/calls";
import { useChatState } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { useHold } from "@/ui/hold";
import { briefOf } from "@/ui/tools/known";
import { ToolIcon } from "@/ui/tools/ToolIcon";
import { useToolName } from "@/ui/tools/useToolName";
import { useSeconds } from "../useSeconds";
import { CallDetails } from "./CallDetails";
import { callFacts } from "./facts";

interface CallLineProps {
  store: ConversationStore;
  runId: string;
  call: LiveCall;
}

const LOOKS: Record<ToolCall["status"], { icon: LucideIcon; tone: string }> = {
  open: { icon: CircleDashed, tone: "text-ink-soft" },
  waiting: { icon: Hand, tone: "text-warn" },
  running: { icon: LoaderCircle, tone: "text-accent-text" },
  ok: { icon: CircleCheck, tone: "text-ok" },
  failed: { icon: CircleX, tone: "text-danger" },
  rejected: { icon: CircleSlash, tone: "text-ink-soft" },
  denied: { icon: CircleSlash, tone: "text-ink-soft" },
  expired: { icon: Clock, tone: "text-ink-soft" },
  cancelled: { icon: OctagonPause, tone: "text-ink-soft" },
};

/** One tool call in a line; opened, what was asked for and what came of it. */
export function CallLine({ store, runId, call }: CallLineProps) {
  const { t, i18n } = useTranslation();
  const id = useId();
  const hold = useHold();
  const [open, setOpen] = useState(false);
  const label = useChatState(
    store,
    (state) =>
      (call.approval_id && state.conversation?.approvals[call.approval_id]?.tool?.label) || undefined,
  );
  const name = useToolName(call.tool_id, label);
  const { icon: Icon, tone } = LOOKS[call.status];
  const facts = callFacts(call, i18n.language);
  return (
    <li className="min-w-0">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => {
          hold();
          setOpen(!open);
        }}
        className="-mx-2 flex min-h-8 w-[calc(100%+1rem)] items-center gap-2 rounded-lg px-2 py-1 text-left text-[0.9rem] hover:bg-hover focus-visible:outline-offset-[-2px]"
      >
        <span className="shrink-0 text-ink-soft">
          <ToolIcon toolId={call.tool_id} />
        </span>
        <span className="min-w-0 max-w-[60%] shrink-0 truncate font-medium">{name}</span>
        <span className="min-w-0 flex-1 truncate text-ink-soft">{briefOf(call.tool_id, call.arguments)}</span>
        <span className={cx("inline-flex shrink-0 items-center gap-1.5 text-[0.84rem]", tone)}>
          <Icon aria-hidden className={cx("size-4", call.status === "running" && "animate-spin")} />
          <span className={cx(call.status === "ok" && "sr-only")}>{statusText()}</span>
        </span>
        {call.status === "running" && <Running since={call.started_at} />}
        {facts && (
          <span className="shrink-0 text-[0.84rem] text-ink-soft tabular-nums max-sm:hidden">{facts}</span>
        )}
        <ChevronRight
          aria-hidden
          className={cx("size-4 shrink-0 text-ink-faint transition-transform", open && "rotate-90")}
        />
      </button>
      {open && (
        <div id={id} className="mt-1 mb-2 ml-1.5 border-line border-l-2 py-1 pl-4">
          <CallDetails store={store} runId={runId} call={call} name={name} />
        </div>
      )}
    </li>
  );

  function statusText(): string {
    if (call.status === "waiting" && !call.approval_id) return t("call.waitsForAgent");
    return t(`call.status.${call.status}`);
  }
}

/** How long a call has been at work, once that is worth telling. */
function Running({ since }: { since: string | null }) {
  const { i18n } = useTranslation();
  const seconds = useSeconds(since);
  if (seconds < 2) return null;
  return (
    <span className="shrink-0 text-[0.84rem] text-accent-text tabular-nums">
      {duration(seconds, i18n.language)}
    </span>
  );
}
