import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Usage } from "@/api/types";
import { type Period, useUsage } from "@/api/usage";
import { patiently } from "@/lib/patiently";
import { Choice } from "@/ui/Choice";
import { EmptyState } from "@/ui/EmptyState";
import { Notice } from "@/ui/Notice";
import { PageHeader } from "@/ui/PageHeader";
import { Skeleton } from "@/ui/Skeleton";
import { BudgetSection } from "./BudgetSection";
import { LimitsSection } from "./LimitsSection";
import { PeriodPicker } from "./PeriodPicker";
import { GROUPS, type GroupBy, lastDays, MEASURES, type Measure } from "./rows";
import { UsageTable } from "./UsageTable";

const UsageChart = lazy(() => patiently(() => import("./UsageChart")));
const FIRST_DAYS = 30;

/** What the team used in a period, and what it may use in a month. */
export function UsagePage() {
  const { t } = useTranslation();
  const [period, setPeriod] = useState(() => lastDays(FIRST_DAYS));
  const usage = useUsage(period);
  return (
    <main id="main" aria-label={t("app.usage")} className="flex h-full min-w-0 flex-col">
      <PageHeader>
        <h1 className="truncate font-semibold">{t("app.usage")}</h1>
      </PageHeader>
      <div className="scroll-thin min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-4xl flex-col gap-8 px-4 py-6 md:px-6">
          <BudgetSection />
          <LimitsSection />
          <div className="flex min-w-0 flex-col gap-5">
            <PeriodPicker period={period} onChange={setPeriod} />
            {usage.isError && (
              <EmptyState
                text={t("usage.loadFailed")}
                action={{ label: t("common.retry"), run: () => void usage.refetch() }}
              />
            )}
            {usage.isPending && <Skeleton className="h-64 w-full rounded-2xl" />}
            {usage.data && <Figures usage={usage.data} period={period} />}
          </div>
        </div>
      </div>
    </main>
  );
}

function Figures({ usage, period }: { usage: Usage; period: Period }) {
  const { t } = useTranslation();
  const [by, setBy] = useState<GroupBy>("agent");
  const [measure, setMeasure] = useState<Measure>("cost");
  if (usage.items.length === 0) return <EmptyState text={t("usage.empty")} />;
  return (
    <>
      <div className="flex flex-wrap gap-x-8 gap-y-4">
        <Choice
          label={t("usage.by")}
          value={by}
          options={GROUPS.map((value) => ({ value, label: t(`usage.groups.${value}`) }))}
          onChange={setBy}
        />
        <Choice
          label={t("usage.measure")}
          value={measure}
          options={MEASURES.map((value) => ({ value, label: t(`usage.measures.${value}`) }))}
          onChange={setMeasure}
        />
      </div>
      <Suspense fallback={<Skeleton className="h-72 w-full rounded-2xl" />}>
        <UsageChart rows={usage.items} by={by} measure={measure} period={period} />
      </Suspense>
      {usage.total.unpriced_calls > 0 && (
        <Notice tone="info">{t("usage.unpriced", { count: usage.total.unpriced_calls })}</Notice>
      )}
      <UsageTable rows={usage.items} total={usage.total} by={by} />
    </>
  );
}
