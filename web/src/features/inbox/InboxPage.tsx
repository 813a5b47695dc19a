import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useApprovals } from "@/api/approvals";
import type { Approval } from "@/api/types";
import { relativeTime } from "@/lib/format";
import { AgentAvatar } from "@/ui/AgentAvatar";
import { EmptyState } from "@/ui/EmptyState";
import { PageHeader } from "@/ui/PageHeader";
import { costText, timeText } from "@/ui/plan/figures";
import { Skeleton } from "@/ui/Skeleton";

/** All that waits for the user's word, in every chat. */
export function InboxPage() {
  const { t } = useTranslation();
  const { data: approvals, isPending, isError, refetch } = useApprovals();
  return (
    <main id="main" aria-label={t("app.inbox")} className="flex h-full min-w-0 flex-col">
      <PageHeader>
        <h1 className="font-semibold">{t("app.inbox")}</h1>
      </PageHeader>
      {isError && (
        <EmptyState
          text={t("inbox.loadFailed")}
          action={{ label: t("common.retry"), run: () => void refetch() }}
        />
      )}
      {approvals?.length === 0 && <EmptyState inner title={t("inbox.empty")} text={t("inbox.emptyText")} />}
      {(isPending || (approvals && approvals.length > 0)) && (
        <div className="scroll-thin min-h-0 flex-1 overflow-y-auto">
          <ul className="mx-auto flex max-w-3xl flex-col gap-3 px-4 py-6 md:px-6">
            {isPending && <Skeleton className="h-24 rounded-2xl" />}
            {approvals?.map((approval) => (
              <Entry key={approval.id} approval={approval} />
            ))}
          </ul>
        </div>
      )}
    </main>
  );
}

function Entry({ approval }: { approval: Approval }) {
  const { t, i18n } = useTranslation();
  const plan = approval.plan;
  const handles = [...new Set(plan?.tasks.map((task) => task.agent) ?? [])];
  return (
    <li>
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
        <span className="text-[0.9rem] text-ink-soft tabular-nums">
          {plan
            ? [
                `${t("plan.title")}: ${t("plan.tasks", { count: plan.tasks.length })}`,
                costText(t, plan.estimate),
                timeText(t, plan.estimate, i18n.language),
              ].join(" · ")
            : t("inbox.tool")}
        </span>
        <span className="flex items-center gap-1">
          {handles.slice(0, 8).map((handle) => (
            <AgentAvatar key={handle} name={handle} seed={handle} size="sm" />
          ))}
          <span className="ml-auto font-medium text-[0.87rem] text-accent-text">{t("inbox.open")}</span>
        </span>
      </Link>
    </li>
  );
}
