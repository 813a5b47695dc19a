import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Approval } from "@/api/types";
import { relativeTime } from "@/lib/format";
import { AgentAvatar } from "@/ui/AgentAvatar";
import { costText, timeText } from "@/ui/plan/figures";

/** A plan that waits: it is looked at and decided in its chat. */
export function PlanEntry({ approval }: { approval: Approval }) {
  const { t, i18n } = useTranslation();
  const plan = approval.plan;
  const handles = [...new Set(plan?.tasks.map((task) => task.agent) ?? [])];
  return (
    <Link
      href={`/chat/${approval.session_id}`}
      className="flex flex-col gap-1.5 rounded-2xl border border-line bg-raised px-4 py-3.5 transition-colors hover:bg-hover"
    >
      <span className="flex items-baseline gap-3">
        <span className="min-w-0 flex-1 truncate font-semibold">
          {approval.session_title || t("chats.untitled")}
        </span>
        <time dateTime={approval.created_at} className="shrink-0 text-[0.8rem] text-ink-faint">
          {relativeTime(approval.created_at, i18n.language)}
        </time>
      </span>
      {plan && (
        <span className="text-[0.9rem] text-ink-soft tabular-nums">
          {[
            `${t("plan.title")}: ${t("plan.tasks", { count: plan.tasks.length })}`,
            costText(t, plan.estimate),
            timeText(t, plan.estimate, i18n.language),
          ].join(" · ")}
        </span>
      )}
      <span className="flex items-center gap-1">
        {handles.slice(0, 8).map((handle) => (
          <AgentAvatar key={handle} name={handle} seed={handle} size="sm" />
        ))}
        <span className="ml-auto font-medium text-[0.87rem] text-accent-text">{t("inbox.open")}</span>
      </span>
    </Link>
  );
}
