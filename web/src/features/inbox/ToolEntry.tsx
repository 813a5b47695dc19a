import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Approval, ToolQuestion } from "@/api/types";
import { ToolDecision } from "@/ui/tools/ToolDecision";
import type { Answers } from "@/ui/tools/useAnswers";

interface ToolEntryProps {
  approval: Approval;
  tool: ToolQuestion;
  answers: Answers;
}

/** A tool call that waits: it can be answered here as well as in its chat. */
export function ToolEntry({ approval, tool, answers }: ToolEntryProps) {
  const { t } = useTranslation();
  const { plan: _plan, ...question } = approval;
  return (
    <ToolDecision
      approval={question}
      tool={tool}
      answers={answers}
      place={
        <Link
          href={`/chat/${approval.session_id}`}
          className="max-w-full truncate rounded font-medium text-accent-text hover:underline"
        >
          {t("inbox.inChat", { title: approval.session_title || t("chats.untitled") })}
        </Link>
      }
    />
  );
}
