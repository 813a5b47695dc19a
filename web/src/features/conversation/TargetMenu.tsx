import { ChevronDown, Sparkles } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Agent } from "@/api/types";
import { AgentAvatar, StatusDot } from "@/ui/AgentAvatar";
import { Menu, MenuChoice, MenuChoices, MenuSeparator } from "@/ui/Menu";

interface TargetMenuProps {
  agents: Agent[];
  /** A handle, or null for Auto. */
  target: string | null;
  onChange: (target: string | null) => void;
}

/** Who answers: one agent, or whoever the orchestrator chooses. */
export function TargetMenu({ agents, target, onChange }: TargetMenuProps) {
  const { t } = useTranslation();
  const chosen = agents.find((agent) => agent.handle === target);
  return (
    <Menu
      align="start"
      side="top"
      trigger={
        <button
          type="button"
          className="flex h-8 min-w-0 items-center gap-1.5 rounded-lg px-2 font-medium text-[0.87rem] text-ink-soft hover:bg-hover hover:text-ink"
        >
          <span className="sr-only">{t("chat.target")}: </span>
          {chosen ? (
            <>
              <AgentAvatar name={chosen.name} seed={chosen.handle} size="sm" />
              <span className="truncate">@{chosen.handle}</span>
            </>
          ) : (
            <>
              <Sparkles aria-hidden className="size-4" />
              {t("chat.auto")}
            </>
          )}
          <ChevronDown aria-hidden className="size-3.5 shrink-0" />
        </button>
      }
    >
      <MenuChoices value={target ?? ""} onChange={(value) => onChange(value || null)}>
        {agents.map((agent) => (
          <MenuChoice key={agent.agent_id} value={agent.handle} after={<StatusDot status={agent.status} />}>
            <AgentAvatar name={agent.name} seed={agent.handle} size="sm" />
            <span className="min-w-0 flex-1">
              <span className="block truncate">{agent.name}</span>
              <span className="block truncate text-[0.8rem] text-ink-soft">@{agent.handle}</span>
            </span>
          </MenuChoice>
        ))}
        {agents.length > 0 && <MenuSeparator />}
        <MenuChoice value="">
          <Sparkles aria-hidden className="mx-1 size-4 shrink-0" />
          <span className="min-w-0 flex-1">
            <span className="block">{t("chat.auto")}</span>
            <span className="block text-[0.8rem] text-ink-soft">{t("chat.autoText")}</span>
          </span>
        </MenuChoice>
      </MenuChoices>
    </Menu>
  );
}
