import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAgents } from "@/api/agents";
import { type AuditFilter, useAudit } from "@/api/approvals";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { PageHeader } from "@/ui/PageHeader";
import { Skeleton } from "@/ui/Skeleton";
import { AuditFilters } from "./AuditFilters";
import { DecisionEntry } from "./DecisionEntry";

const ALL: AuditFilter = { tool_id: null, agent_id: null };

/** The record of who allowed and refused what, the newest first. */
export function DecisionsPage() {
  const { t } = useTranslation();
  const [filter, setFilter] = useState(ALL);
  const { data: agents = [] } = useAgents();
  const audit = useAudit(filter);
  const entries = audit.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = filter.tool_id !== null || filter.agent_id !== null;
  return (
    <main id="main" aria-label={t("audit.title")} className="flex h-full min-w-0 flex-col">
      <PageHeader>
        <h1 className="font-semibold">{t("audit.title")}</h1>
      </PageHeader>
      <div className="scroll-thin min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex min-h-full max-w-3xl flex-col gap-5 px-4 py-6 md:px-6">
          <p className="text-ink-soft">{t("audit.about")}</p>
          <AuditFilters filter={filter} onChange={setFilter} />
          {audit.isError && (
            <EmptyState
              text={t("audit.loadFailed")}
              action={{ label: t("common.retry"), run: () => void audit.refetch() }}
            />
          )}
          {audit.isPending && <Skeleton className="h-40 rounded-2xl" />}
          {audit.isSuccess && entries.length === 0 && (
            <EmptyState
              inner
              title={filtered ? undefined : t("audit.empty")}
              text={t(filtered ? "audit.nothing" : "audit.emptyText")}
            />
          )}
          {entries.length > 0 && (
            <ul className="flex flex-col divide-y divide-line overflow-clip rounded-2xl border border-line bg-raised">
              {entries.map((entry) => (
                <DecisionEntry key={entry.id} entry={entry} agents={agents} />
              ))}
            </ul>
          )}
          {audit.hasNextPage && (
            <Button
              className="self-center"
              busy={audit.isFetchingNextPage}
              onClick={() => void audit.fetchNextPage()}
            >
              {t("audit.more")}
            </Button>
          )}
        </div>
      </div>
    </main>
  );
}
