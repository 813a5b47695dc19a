import { ScrollText } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useApprovals } from "@/api/approvals";
import { Button } from "@/ui/Button";
import { Choice } from "@/ui/Choice";
import { EmptyState } from "@/ui/EmptyState";
import { PageHeader } from "@/ui/PageHeader";
import { Skeleton } from "@/ui/Skeleton";
import { useAnswers } from "@/ui/tools/useAnswers";
import { AnsweredList } from "./AnsweredList";
import { PlanEntry } from "./PlanEntry";
import { ToolEntry } from "./ToolEntry";

type Shown = "waiting" | "answered";

/** All that waits for the user's word, in every chat, and what the user has said. */
export function InboxPage() {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const [shown, setShown] = useState<Shown>("waiting");
  return (
    <main id="main" aria-label={t("app.inbox")} className="flex h-full min-w-0 flex-col">
      <PageHeader
        actions={
          <Button size="sm" look="ghost" onClick={() => go("/decisions")}>
            <ScrollText aria-hidden className="size-4" />
            <span className="max-sm:sr-only">{t("audit.title")}</span>
          </Button>
        }
      >
        <h1 className="font-semibold">{t("app.inbox")}</h1>
      </PageHeader>
      <div className="scroll-thin min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex min-h-full max-w-3xl flex-col gap-4 px-4 py-6 md:px-6">
          <Choice
            label={t("inbox.show")}
            quiet
            value={shown}
            options={(["waiting", "answered"] as const).map((value) => ({
              value,
              label: t(`inbox.shown.${value}`),
            }))}
            onChange={setShown}
          />
          {shown === "waiting" ? <WaitingList /> : <AnsweredList />}
        </div>
      </div>
    </main>
  );
}

function WaitingList() {
  const { t } = useTranslation();
  const answers = useAnswers();
  const { data: approvals, isPending, isError, refetch } = useApprovals();
  if (isError) {
    return (
      <EmptyState
        text={t("inbox.loadFailed")}
        action={{ label: t("common.retry"), run: () => void refetch() }}
      />
    );
  }
  if (isPending) return <Skeleton className="h-24 rounded-2xl" />;
  if (approvals.length === 0)
    return <EmptyState inner title={t("inbox.empty")} text={t("inbox.emptyText")} />;
  return (
    <ul className="flex flex-col gap-3">
      {approvals.map((approval) => (
        <li key={approval.id}>
          {approval.tool ? (
            <ToolEntry approval={approval} tool={approval.tool} answers={answers} />
          ) : (
            <PlanEntry approval={approval} />
          )}
        </li>
      ))}
    </ul>
  );
}
