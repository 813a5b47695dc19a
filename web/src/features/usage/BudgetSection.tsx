import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/problem";
import type { Budget } from "@/api/types";
import { useBudget, useSaveBudget } from "@/api/usage";
import { shortMoney } from "@/lib/format";
import { useSpace } from "@/live/LiveProvider";
import { Bar } from "@/ui/Bar";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { errorText } from "@/ui/failures";
import { Skeleton } from "@/ui/Skeleton";
import { useToast } from "@/ui/toasts";
import { monthLabel } from "./labels";

/** What may be spent in a month, and how much of it is. */
export function BudgetSection() {
  const { t } = useTranslation();
  const { data: budget, isError, refetch } = useBudget();
  return (
    <section aria-labelledby="budget-title" className="flex flex-col gap-3">
      <div>
        <h2 id="budget-title" className="font-semibold text-[1.05rem]">
          {t("usage.budget")}
        </h2>
        <p className="text-[0.93rem] text-ink-soft">{t("usage.budgetText")}</p>
      </div>
      {budget && <Meter budget={budget} />}
      {!budget && !isError && <Skeleton className="h-10 w-full" />}
      {!budget && isError && (
        <div className="flex flex-wrap items-center gap-3 text-ink-soft">
          {t("usage.loadFailed")}
          <Button size="sm" onClick={() => void refetch()}>
            {t("common.retry")}
          </Button>
        </div>
      )}
      {budget && <Editor key={budget.monthly_usd} budget={budget} />}
    </section>
  );
}

function Meter({ budget }: { budget: Budget }) {
  const { t, i18n } = useTranslation();
  const spent = shortMoney(budget.spent ?? "$0.00");
  const month = monthLabel(budget.month, i18n.language);
  const limit = budget.monthly_usd;
  if (limit === null) return <p className="tabular-nums">{t("usage.spentIn", { spent, month })}</p>;
  const share = limit > 0 ? Number((budget.spent ?? "$0").slice(1)) / limit : 1;
  const text = t("usage.spentOf", { spent, limit: shortMoney(`$${limit}`), month });
  return (
    <div className="flex flex-col gap-2">
      <p className="flex flex-wrap justify-between gap-x-4 tabular-nums">
        {text}
        {budget.remaining && (
          <span className="text-ink-soft">{t("usage.left", { value: shortMoney(budget.remaining) })}</span>
        )}
      </p>
      <Bar
        share={share}
        tone={share >= 1 ? "danger" : share > 0.8 ? "warn" : "accent"}
        label={t("usage.budget")}
        text={text}
      />
    </div>
  );
}

function Editor({ budget }: { budget: Budget }) {
  const { t } = useTranslation();
  const space = useSpace();
  const toast = useToast();
  const save = useSaveBudget();
  const before = budget.monthly_usd?.toString() ?? "";
  const [text, setText] = useState(before);
  const amount = text.trim() === "" ? null : Number(text.trim().replace(",", ".").replace("$", ""));
  const wrong = amount !== null && !(amount >= 0);
  const refused = save.error instanceof ApiError ? save.error.fields.monthly_usd : undefined;
  const error = wrong ? t("usage.notNumber") : (refused ?? (save.error ? errorText(t, save.error) : null));
  return (
    <form
      noValidate
      className="flex max-w-md items-start gap-2"
      onSubmit={async (event) => {
        event.preventDefault();
        if (wrong) return;
        await save.mutateAsync(amount).then(
          () => {
            space.changed("budget");
            toast({ title: t("usage.saved") });
          },
          () => undefined,
        );
      }}
    >
      <div className="flex-1">
        <TextField
          label={t("usage.limit")}
          hint={t("usage.limitHint")}
          error={error}
          inputMode="decimal"
          placeholder={t("usage.noBudget")}
          value={text}
          onChange={setText}
        />
      </div>
      <Button type="submit" className="mt-7" busy={save.isPending} disabled={wrong || text.trim() === before}>
        {t("common.save")}
      </Button>
    </form>
  );
}
