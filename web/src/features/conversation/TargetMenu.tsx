import { Menu as Base } from "@base-ui/react/menu";
import { Check, ChevronDown, Sparkles } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Agent } from "@/api/types";
import { AgentAvatar, StatusDot } from "@/ui/AgentAvatar";
import { MENU_ITEM, Menu, MenuSeparator } from "@/ui/Menu";

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
      <Base.RadioGroup value={target ?? ""} onValueChange={(value) => onChange(value || null)}>
        {agents.map((agent) => (
          <Base.RadioItem key={agent.agent_id} value={agent.handle} closeOnClick className={MENU_ITEM}>
            <AgentAvatar name={agent.name} seed={agent.handle} size="sm" />
            <span className="min-w-0 flex-1">
              <span className="block truncate">{agent.name}</span>
              <span className="block truncate text-[0.8rem] text-ink-soft">@{agent.handle}</span>
            </span>
            <Base.RadioItemIndicator
              render={<Check aria-hidden className="size-4 shrink-0 text-accent-text" />}
            />
            <StatusDot status={agent.status} />
          </Base.RadioItem>
        ))}
        {agents.length > 0 && <MenuSeparator />}
        <Base.RadioItem value="" closeOnClick className={MENU_ITEM}>
          <Sparkles aria-hidden className="mx-1 size-4 shrink-0" />
          <span className="min-w-0 flex-1">
            <span className="block">{t("chat.auto")}</span>
            <span className="block text-[0.8rem] text-ink-soft">{t("chat.autoText")}</span>
          </span>
          <Base.RadioItemIndicator
            render={<Check aria-hidden className="size-4 shrink-0 text-accent-text" />}
          />
        </Base.RadioItem>
      </Base.RadioGroup>
    </Menu>
  );
}
