import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { Agent, UserFile } from "@/api/types";
import { MessageFiles } from "./files/later";

interface UserMessageProps {
  content: string;
  /** Whom it was addressed to. */
  target: string | null;
  files: readonly UserFile[];
}

export function UserMessage({ content, target, files }: UserMessageProps) {
  const { t } = useTranslation();
  return (
    <div className="ml-auto flex w-fit min-w-0 max-w-[85%] flex-col items-end gap-2">
      <span className="sr-only">{t("chat.you")}: </span>
      {files.length > 0 && (
        // About as high as what will stand there, so that nothing jumps.
        <Suspense fallback={<div className="h-40" />}>
          <MessageFiles files={files} />
        </Suspense>
      )}
      {(content || target) && (
        <div className="max-w-full rounded-2xl rounded-br-md bg-sunken px-4 py-2.5">
          <p className="whitespace-pre-wrap leading-relaxed [overflow-wrap:anywhere]">
            {target && <span className="mr-1 font-medium text-accent-text">@{target}</span>}
            {content}
          </p>
        </div>
      )}
    </div>
  );
}

/** A target as the message stores it ("user1_coder" or "coder") as a handle. */
export function handleOf(target: string | null, content: string, agents: Agent[]): string | null {
  if (!target || content.trimStart().startsWith("@")) return null;
  const agent = agents.find((candidate) => candidate.agent_id === target || candidate.handle === target);
  return agent?.handle ?? target.replace(/^@/, "").replace(/^user\d+_/, "");
}
