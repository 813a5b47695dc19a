import { memo } from "react";
import { useAgents } from "@/api/agents";
import { useChatState, useMessage } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { AnswerMessage } from "./AnswerMessage";
import { handleOf, UserMessage } from "./UserMessage";

interface RowProps {
  store: ConversationStore;
  id: string;
  last: boolean;
}

/** One message. It is drawn again only when that very message or its run changes. */
export const Row = memo(function Row({ store, id, last }: RowProps) {
  const message = useMessage(store, id);
  const run = useChatState(store, (state) =>
    message?.run_id ? state.conversation?.runs[message.run_id] : undefined,
  );
  const { data: agents = [] } = useAgents();
  if (!message) return null;
  const answers = message.agent_id ?? run?.agent_id;
  return (
    <div data-message={id} className="rounded-lg outline-none">
      {message.role === "user" ? (
        <UserMessage
          content={message.content}
          target={handleOf(message.target_agent, message.content, agents)}
          files={message.attachments}
        />
      ) : (
        <AnswerMessage
          store={store}
          message={message}
          run={run}
          agent={agents.find((agent) => agent.agent_id === answers || agent.handle === answers)}
          last={last}
          onRetried={() => void store.refresh()}
        />
      )}
    </div>
  );
});
