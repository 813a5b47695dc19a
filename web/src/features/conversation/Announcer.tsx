import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Agent, Message } from "@/api/types";
import type { ConversationStore } from "@/live/store";
import { failureTitle } from "@/ui/failures";
import { nameOf } from "@/ui/tools/known";
import { agentNameOf } from "@/ui/tools/useToolTitle";

const READ_OUT = 400;

/** Tells a screen reader of an answer once it is whole, not of each of its words. */
export function Announcer({ store, agents }: { store: ConversationStore; agents: Agent[] }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const current = useRef({ agents, t });
  useEffect(() => {
    current.current = { agents, t };
  });

  useEffect(() => {
    const streaming = new Set<string>();
    const told = new Set<string>();
    const asking = new Set(Object.keys(store.getState().conversation?.approvals ?? {}));
    const look = () => {
      for (const plan of Object.values(store.getState().conversation?.plans ?? {}).flat()) {
        if (plan.status !== "proposed" || !plan.approval_id || asking.has(plan.approval_id)) continue;
        asking.add(plan.approval_id);
        setText(current.current.t("plan.asks", { count: plan.tasks.length }));
      }
      for (const { id, status, tool } of Object.values(store.getState().conversation?.approvals ?? {})) {
        if (!tool || status !== "pending" || asking.has(id)) continue;
        asking.add(id);
        const { t } = current.current;
        const name = nameOf(t, tool.tool_id) ?? (tool.label || tool.tool_id);
        setText(t("ask.announce", { agent: agentNameOf(tool, current.current.agents), tool: name }));
      }
      const messages = store.getState().conversation?.messages ?? {};
      for (const message of Object.values(messages)) {
        if (message.role !== "assistant") continue;
        if (message.status === "streaming") {
          streaming.add(message.id);
          told.delete(message.id);
          continue;
        }
        const watched = streaming.delete(message.id);
        // A quick answer is over before this page has seen it begin.
        const asked = store.asked.delete(message.run_id);
        if ((watched || asked) && !told.has(message.id)) {
          told.add(message.id);
          setText(sentence(message));
        }
      }
    };
    const sentence = (message: Message) => {
      const { agents, t } = current.current;
      const name =
        agents.find((agent) => agent.agent_id === message.agent_id)?.name ?? t("chat.orchestrator");
      if (message.status === "cancelled") return t("chat.stopped");
      if (message.status === "failed") {
        return t("chat.failedAnswer", { name, text: failureTitle(t, message.error?.code ?? "") });
      }
      return t("chat.answered", { name, text: message.content.replace(/[*`#_>]/g, "").slice(0, READ_OUT) });
    };
    look();
    return store.subscribe(look);
  }, [store]);

  return (
    <div role="status" aria-live="polite" className="sr-only">
      {text}
    </div>
  );
}
