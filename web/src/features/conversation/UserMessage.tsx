import { useTranslation } from "react-i18next";
import type { Agent } from "@/api/types";

interface UserMessageProps {
  content: string;
  /** Whom it was addressed to. */
  target: string | null;
}

export function UserMessage({ content, target }: UserMessageProps) {
  const { t } = useTranslation();
  return (
    <div className="flex justify-end">
      <div className="min-w-0 max-w-[85%] rounded-2xl rounded-br-md bg-sunken px-4 py-2.5">
        <span className="sr-only">{t("chat.you")}: </span>
        <p className="whitespace-pre-wrap leading-relaxed [overflow-wrap:anywhere]">
          {target && <span className="mr-1 font-medium text-accent-text">@{target}</span>}
          {content}
        </p>
      </div>
    </div>
  );
}

/** A target as the message stores it ("user1_coder" or "coder") as a handle. */
export function handleOf(target: string | null, content: string, agents: Agent[]): string | null {
  if (!target || content.trimStart().startsWith("@")) return null;
  const agent = agents.find((candidate) => candidate.agent_id === target || candidate.handle === target);
  return agent?.handle ?? target.replace(/^@/, "").replace(/^user\d+_/, "");
}
