import { Fragment } from "react";
import type { Message } from "@/api/types";
import { NO_CALLS } from "@/live/calls";
import type { LiveRun } from "@/live/conversation";
import { useChatState } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { Markdown } from "@/ui/markdown/Markdown";
import { partsOf } from "./tools/parts";
import { ToolCalls } from "./tools/ToolCalls";

interface AnswerTextProps {
  store: ConversationStore;
  message: Message;
  run: LiveRun | undefined;
}

/** What an answer says, and the tools that were used for it. */
export function AnswerText({ store, message, run }: AnswerTextProps) {
  const calls = useChatState(store, (state) => state.conversation?.calls[message.id] ?? NO_CALLS);
  const writing = message.status === "streaming" && run?.status !== "waiting";
  const parts = partsOf(message.content, calls);
  return parts.map((part, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts are only ever added at the end
    <Fragment key={index}>
      <ToolCalls store={store} runId={message.run_id} calls={part.calls} />
      {part.text && <Markdown text={part.text} streaming={writing && index === parts.length - 1} />}
    </Fragment>
  ));
}
