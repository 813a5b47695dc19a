import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useAllApprovals } from "@/api/approvals";
import type { Approval } from "@/api/types";
import { cx } from "@/lib/cx";
import { shortTime } from "@/lib/format";
import { AgentAvatar, OrchestratorAvatar } from "@/ui/AgentAvatar";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { Skeleton } from "@/ui/Skeleton";
import { briefOf, handleOf } from "@/ui/tools/known";
import { useToolName } from "@/ui/tools/useToolName";
import { agentNameOf } from "@/ui/tools/useToolTitle";

/** What does not wait any more, the newest first. */
export function AnsweredList() {
  const { t } = useTranslation();
  const all = useAllApprovals();
  const answered = (all.data?.pages ?? [])
    .flatMap((page) => page.items)
    .filter(({ status }) => status !== "pending");
  if (all.isError) {
    return (
      <EmptyState
        text={t("inbox.loadFailed")}
        action={{ label: t("common.retry"), run: () => void all.refetch() }}
      />
    );
  }
  if (all.isPending) return <Skeleton className="h-24 rounded-2xl" />;
  return (
    <>
      {answered.length === 0 && !all.hasNextPage && (
        <EmptyState inner title={t("inbox.noAnswered")} text={t("inbox.noAnsweredText")} />
      )}
      {answered.length > 0 && (
        <ul className="flex flex-col divide-y divide-line overflow-clip rounded-2xl border border-line bg-raised">
          {answered.map((approval) => (
            <Answered key={approval.id} approval={approval} />
          ))}
        </ul>
      )}
      {all.hasNextPage && (
        <Button
          className="self-center"
          busy={all.isFetchingNextPage}
          onClick={() => void all.fetchNextPage()}
        >
          {t("audit.more")}
        </Button>
      )}
    </>
  );
}

const TONES: Record<Approval["status"], string> = {
  pending: "text-warn",
  confirmed: "text-ok",
  rejected: "text-danger",
  expired: "text-ink-soft",
  cancelled: "text-ink-soft",
};

function Answered({ approval }: { approval: Approval }) {
  const { t, i18n } = useTranslation();
  const { tool, plan, status, reason } = approval;
  const name = useToolName(tool?.tool_id ?? "", tool?.label ?? "–");
  const brief = tool ? briefOf(tool.tool_id, tool.arguments) : "";
  const about = tool ? `${agentNameOf(tool)}: ${name}` : planText();
  return (
    <li>
      <Link
        href={`/chat/${approval.session_id}`}
        className="flex items-start gap-3 px-4 py-3 transition-colors hover:bg-sunken focus-visible:outline-offset-[-2px]"
      >
        {tool ? (
          <AgentAvatar name={agentNameOf(tool)} seed={handleOf(tool.agent_id)} size="sm" />
        ) : (
          <OrchestratorAvatar size="sm" />
        )}
        <span className="min-w-0 flex-1">
          <span className="flex flex-wrap items-baseline gap-x-2">
            <span className="font-medium">{about}</span>
            <span className={cx("text-[0.87rem]", TONES[status])}>{t(`inbox.status.${status}`)}</span>
          </span>
          {brief && <span className="block truncate text-[0.9rem] text-ink-soft">{brief}</span>}
          {reason && <span className="block break-words text-[0.9rem] text-ink-soft">{reason}</span>}
          <span className="block truncate text-[0.84rem] text-ink-soft">
            {approval.session_title || t("chats.untitled")}
            {approval.resolved_at && ` · ${shortTime(approval.resolved_at, i18n.language)}`}
          </span>
        </span>
      </Link>
    </li>
  );

  function planText(): string {
    const count = plan?.tasks.length;
    return count === undefined ? t("plan.title") : `${t("plan.title")}: ${t("plan.tasks", { count })}`;
  }
}
