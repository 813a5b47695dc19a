import { Pencil } from "lucide-react";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Agent, ToolQuestion } from "@/api/types";
import { shortTime, sumOfCosts, wholeNumber } from "@/lib/format";
import { useChatState } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { AgentAvatar, StatusDot } from "@/ui/AgentAvatar";
import { failureTitle } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { useShell } from "@/ui/shell";
import { briefOf, nameOf } from "@/ui/tools/known";
import { ToolIcon } from "@/ui/tools/ToolIcon";
import { useToolTitle } from "@/ui/tools/useToolTitle";
import { questionsOf } from "./tools/ToolQuestions";

/** What the moment needs beside a conversation: the agent that is asked, and what the chat has cost. */
export function DetailsPanel({ store, agent }: { store: ConversationStore; agent: Agent | undefined }) {
  return (
    <div className="scroll-thin flex h-full flex-col gap-7 overflow-y-auto p-5">
      <Waiting store={store} />
      {agent && <AgentDetails agent={agent} />}
      <ChatDetails store={store} />
    </div>
  );
}

/** What waits for the user in this chat, and the way to it: it may be far above what is read now. */
function Waiting({ store }: { store: ConversationStore }) {
  const { t } = useTranslation();
  const approvals = useChatState(store, (state) => state.conversation?.approvals);
  const pending = useMemo(
    () => questionsOf(approvals ?? {}, null).filter(({ status }) => status === "pending"),
    [approvals],
  );
  if (pending.length === 0) return null;
  return (
    <section aria-labelledby="panel-waiting">
      <h2 id="panel-waiting" className="mb-2 font-semibold text-[0.93rem]">
        {t("app.inbox")}
      </h2>
      <ul className="flex flex-col gap-2">
        {pending.map(({ id, tool }) => (
          <li key={id}>
            <WaitingLink id={id} tool={tool} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function WaitingLink({ id, tool }: { id: string; tool: ToolQuestion }) {
  const { t } = useTranslation();
  const { wide, setDetailsOpen } = useShell();
  const title = useToolTitle(tool);
  const brief = briefOf(tool.tool_id, tool.arguments);
  return (
    <button
      type="button"
      title={t("ask.goTo")}
      onClick={() => {
        if (!wide) setDetailsOpen(false);
        requestAnimationFrame(() => {
          const card = document.getElementById(`ask-${id}`);
          card?.scrollIntoView({ block: "center" });
          card?.focus({ preventScroll: true });
        });
      }}
      className="flex w-full items-start gap-2.5 rounded-xl border border-line bg-raised px-3 py-2.5 text-left text-[0.9rem] hover:bg-hover"
    >
      <span className="mt-0.5 shrink-0 text-warn">
        <ToolIcon toolId={tool.tool_id} />
      </span>
      <span className="min-w-0">
        <span className="block break-words">{title}</span>
        {brief && <span className="block truncate text-[0.84rem] text-ink-soft">{brief}</span>}
      </span>
    </button>
  );
}

function AgentDetails({ agent }: { agent: Agent }) {
  const { t } = useTranslation();
  const tools = agent.tools
    .filter((tool) => tool.enabled)
    .map((tool) => nameOf(t, tool.tool_id) ?? tool.tool_id);
  return (
    <section aria-labelledby="panel-agent" className="flex flex-col gap-4">
      <h2 id="panel-agent" className="sr-only">
        {t("panel.agent")}
      </h2>
      <div className="flex items-center gap-3">
        <AgentAvatar name={agent.name} seed={agent.handle} size="lg" />
        <div className="min-w-0 flex-1">
          <p className="truncate font-semibold">{agent.name}</p>
          <p className="truncate text-[0.87rem] text-ink-soft">@{agent.handle}</p>
        </div>
        <Link
          href={`/agents/${agent.agent_id}`}
          aria-label={t("agents.editTitle")}
          className="inline-flex size-9 items-center justify-center rounded-lg text-ink-soft hover:bg-hover hover:text-ink"
        >
          <Pencil aria-hidden className="size-4" />
        </Link>
      </div>
      <p className="flex items-center gap-2 text-[0.93rem]">
        <StatusDot status={agent.status} inactive={!agent.is_active} />
        {t(agent.is_active ? `agents.status.${agent.status}` : "agents.status.off")}
        {agent.running > 0 && (
          <span className="text-ink-soft">· {t("agents.running", { count: agent.running })}</span>
        )}
      </p>
      {agent.status === "error" && agent.last_error && (
        <Notice tone="danger" title={failureTitle(t, agent.last_error.code)}>
          {agent.last_error.detail}
        </Notice>
      )}
      <dl className="flex flex-col gap-3 text-[0.93rem]">
        <Fact name={t("panel.model")} value={`${agent.model.provider} · ${agent.model.name}`} />
        {agent.fallback_model && (
          <Fact
            name={t("panel.fallback")}
            value={`${agent.fallback_model.provider} · ${agent.fallback_model.name}`}
          />
        )}
        {tools.length > 0 && <Fact name={t("panel.tools")} value={tools.join(", ")} />}
        <Fact name={t("panel.limit")} value={String(agent.concurrency_limit)} />
        {agent.system_prompt && <Fact name={t("panel.instructions")} value={agent.system_prompt} clamp />}
      </dl>
    </section>
  );
}

function ChatDetails({ store }: { store: ConversationStore }) {
  const { t, i18n } = useTranslation();
  const started = useChatState(store, (state) => state.conversation?.session.created_at);
  const messages = useChatState(store, (state) => state.conversation?.messages);
  const plans = useChatState(store, (state) => state.conversation?.plans);
  const sums = useMemo(() => {
    const all = Object.values(messages ?? {});
    const tasks = Object.values(plans ?? {})
      .flat()
      .flatMap((plan) => plan.tasks);
    const used = [...all.map((message) => message.usage), ...tasks.map((task) => task.actual)];
    return {
      cost: sumOfCosts([
        ...all.map((message) => message.cost),
        ...tasks.map((task) => task.actual?.cost ?? null),
      ]),
      tokens: used.reduce((sum, usage) => sum + (usage ? usage.input_tokens + usage.output_tokens : 0), 0),
      messages: all.length,
    };
  }, [messages, plans]);
  if (!started || sums.messages === 0) return null;
  return (
    <section aria-labelledby="panel-chat" className="border-line border-t pt-5 first:border-0 first:pt-0">
      <h2 id="panel-chat" className="mb-3 font-semibold text-[0.93rem]">
        {t("panel.chat")}
      </h2>
      <dl className="flex flex-col gap-2 text-[0.93rem]">
        <Line name={t("panel.started")} value={shortTime(started, i18n.language)} />
        <Line name={t("panel.messages")} value={wholeNumber(sums.messages, i18n.language)} />
        {sums.tokens > 0 && <Line name={t("panel.tokens")} value={wholeNumber(sums.tokens, i18n.language)} />}
        {sums.cost && <Line name={t("panel.spent")} value={sums.cost} />}
      </dl>
    </section>
  );
}

function Fact({ name, value, clamp }: { name: string; value: string; clamp?: boolean }) {
  return (
    <div>
      <dt className="text-[0.8rem] text-ink-faint">{name}</dt>
      <dd className={clamp ? "line-clamp-6 break-words" : "break-words"}>{value}</dd>
    </div>
  );
}

function Line({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex justify-between gap-3">
      <dt className="text-ink-soft">{name}</dt>
      <dd className="tabular-nums">{value}</dd>
    </div>
  );
}
