import { useTranslation } from "react-i18next";
import type { Agent } from "@/api/types";
import { cx } from "@/lib/cx";
import { AgentAvatar, StatusDot } from "@/ui/AgentAvatar";

interface MentionListProps {
  id: string;
  agents: Agent[];
  active: number;
  onPick: (agent: Agent) => void;
  onHover: (index: number) => void;
}

export const optionId = (listId: string, index: number) => `${listId}-${index}`;

/** Agents to choose from while a handle is typed. The focus stays in the text field, which names the active one. */
export function MentionList({ id, agents, active, onPick, onHover }: MentionListProps) {
  const { t } = useTranslation();
  return (
    <div
      id={id}
      role="listbox"
      tabIndex={-1}
      aria-label={t("chat.suggestions")}
      className="scroll-thin absolute right-0 bottom-full left-0 z-10 mb-2 max-h-72 overflow-y-auto rounded-xl border border-line bg-raised p-1 shadow-float"
    >
      {agents.map((agent, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the text field
        // biome-ignore lint/a11y/useKeyWithClickEvents: the text field handles the keys
        <div
          key={agent.agent_id}
          id={optionId(id, index)}
          role="option"
          aria-selected={index === active}
          onMouseDown={(event) => event.preventDefault()}
          onMouseMove={() => onHover(index)}
          onClick={() => onPick(agent)}
          className={cx("flex items-center gap-2.5 rounded-lg px-2.5 py-1.5", index === active && "bg-hover")}
        >
          <AgentAvatar name={agent.name} seed={agent.handle} size="sm" />
          <span className="truncate font-medium">{agent.name}</span>
          <span className="truncate text-ink-soft">@{agent.handle}</span>
          <span className="ml-auto">
            <StatusDot status={agent.status} />
          </span>
        </div>
      ))}
    </div>
  );
}
