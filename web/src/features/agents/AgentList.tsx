import { Pencil, Plus, Settings2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { useAgents } from "@/api/agents";
import type { Agent } from "@/api/types";
import { cx } from "@/lib/cx";
import { AgentAvatar, OrchestratorAvatar, StatusDot } from "@/ui/AgentAvatar";
import { IconButton } from "@/ui/IconButton";
import { Skeleton } from "@/ui/Skeleton";

/** The team: a click starts a chat with an agent, the pencil opens its settings. */
export function AgentList({ onOpen }: { onOpen?: () => void }) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const { data: agents, isPending } = useAgents();
  return (
    <section aria-labelledby="my-agents" className="flex max-h-[45%] min-h-0 shrink-0 flex-col">
      <div className="flex items-center justify-between pt-2 pr-2 pb-0.5 pl-3">
        <h2 id="my-agents" className="font-medium text-[0.8rem] text-ink-faint">
          {t("agents.title")}
        </h2>
        <IconButton
          icon={Plus}
          label={t("agents.new")}
          size="sm"
          onClick={() => {
            go("/agents/new");
            onOpen?.();
          }}
        />
      </div>
      <ul className="scroll-thin min-h-0 overflow-y-auto px-2">
        <li>
          <Link
            href="/orchestrator"
            onClick={onOpen}
            className="group flex h-10 items-center gap-2.5 rounded-lg pr-2.5 pl-2 hover:bg-hover/70"
          >
            <OrchestratorAvatar size="sm" />
            <span className="truncate text-[0.93rem]">{t("app.orchestrator")}</span>
            <Settings2
              aria-hidden
              className="ml-auto size-3.5 text-ink-soft opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100 pointer-coarse:opacity-100"
            />
          </Link>
        </li>
        {isPending && (
          <li className="flex flex-col gap-3 p-1.5">
            <Skeleton className="h-6 w-4/5" />
            <Skeleton className="h-6 w-3/5" />
          </li>
        )}
        {agents?.length === 0 && <li className="px-1.5 text-[0.93rem] text-ink-soft">{t("agents.empty")}</li>}
        {agents?.map((agent) => (
          <AgentItem key={agent.agent_id} agent={agent} onOpen={onOpen} />
        ))}
      </ul>
    </section>
  );
}

function AgentItem({ agent, onOpen }: { agent: Agent; onOpen?: () => void }) {
  const { t } = useTranslation();
  return (
    <li className="group relative flex items-center rounded-lg hover:bg-hover/70">
      <Link
        href={agent.is_active ? `/?agent=${agent.handle}` : `/agents/${agent.agent_id}`}
        onClick={onOpen}
        title={`@${agent.handle}`}
        className={cx(
          "flex h-10 min-w-0 flex-1 items-center gap-2.5 rounded-lg pr-9 pl-2",
          !agent.is_active && "opacity-60",
        )}
      >
        <AgentAvatar name={agent.name} seed={agent.handle} size="sm" />
        <span className="truncate text-[0.93rem]">{agent.name}</span>
      </Link>
      <span className="pointer-events-none absolute right-3.5 group-focus-within:opacity-0 group-hover:opacity-0 pointer-coarse:right-10 pointer-coarse:opacity-100!">
        <StatusDot status={agent.status} inactive={!agent.is_active} />
      </span>
      <Link
        href={`/agents/${agent.agent_id}`}
        onClick={onOpen}
        aria-label={`${t("agents.editTitle")}: ${agent.name}`}
        className="absolute right-1 inline-flex size-7 items-center justify-center rounded-md text-ink-soft opacity-0 hover:bg-line hover:text-ink focus-visible:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100"
      >
        <Pencil aria-hidden className="size-3.5" />
      </Link>
    </li>
  );
}
