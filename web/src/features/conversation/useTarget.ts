import { useState } from "react";
import { useAgents } from "@/api/agents";
import type { Agent } from "@/api/types";
import { readStored, writeStored } from "@/lib/storage";
import { useChatState } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";

const AUTO = "*auto";
const lastKey = (userId: number) => `artel.target.${userId}`;

/**
 * Whom the next message is for: what was chosen here, else whoever was asked last in this chat, else last anywhere,
 * else the first agent of the team. Undefined until the team is known.
 */
export function useTarget(userId: number, asked: string | null | undefined, wanted?: string | null) {
  const { data: agents } = useAgents();
  const [chosen, setChosen] = useState<string | undefined>(wanted ?? undefined);
  const setTarget = (handle: string | null) => {
    setChosen(handle ?? AUTO);
    writeStored(lastKey(userId), handle ?? AUTO);
  };
  if (!agents) return [undefined, setTarget] as const;
  const active = agents.filter((agent) => agent.is_active);
  const candidates = [chosen, asked === null ? AUTO : asked, readStored(lastKey(userId)), active[0]?.handle];
  const target = candidates.find(
    (handle) => handle === AUTO || active.some((agent) => agent.handle === handle),
  );
  return [target === undefined || target === AUTO ? null : target, setTarget] as const;
}

/** The handle of the agent asked last in a chat, null if that was Auto, undefined in a new chat. */
export function useAskedLast(store: ConversationStore, agents: Agent[]): string | null | undefined {
  const target = useChatState(store, (state) => {
    const conversation = state.conversation;
    const id = conversation?.order.findLast((candidate) => conversation.messages[candidate]?.role === "user");
    const question = id ? conversation?.messages[id] : undefined;
    if (!question) return undefined;
    const run = question.run_id ? conversation?.runs[question.run_id] : undefined;
    return question.target_agent ?? (run?.mode === "direct" ? run.agent_id : null);
  });
  if (target === undefined || target === null) return target;
  return agents.find((agent) => agent.agent_id === target || agent.handle === target)?.handle ?? null;
}
