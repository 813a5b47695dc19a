import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { useDryRun } from "@/api/plans";
import type { DryRun, PlanTask } from "@/api/types";
import { shortMoney } from "@/lib/format";
import { Button } from "@/ui/Button";
import { Field, TextArea } from "@/ui/Field";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { briefEstimate, costText, timeText } from "@/ui/plan/figures";
import { PlanView, usePlanView, ViewBar } from "@/ui/plan/PlanView";

/** Asks the orchestrator for a plan without running it. */
export function TryIt({ unsaved }: { unsaved: boolean }) {
  const { t } = useTranslation();
  const [content, setContent] = useState("");
  const dryRun = useDryRun();
  return (
    <section aria-labelledby="try-title" className="flex flex-col gap-4 border-line border-t pt-6">
      <div>
        <h2 id="try-title" className="font-semibold text-[1.05rem]">
          {t("orchestrator.tryTitle")}
        </h2>
        <p className="text-[0.93rem] text-ink-soft">{t("orchestrator.tryText")}</p>
      </div>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (content.trim()) dryRun.mutate(content.trim());
        }}
      >
        <Field label={t("chat.message")}>
          {(control) => (
            <TextArea
              {...control}
              rows={3}
              value={content}
              placeholder={t("orchestrator.tryPlaceholder")}
              onChange={(event) => setContent(event.target.value)}
            />
          )}
        </Field>
        {unsaved && <p className="text-[0.87rem] text-ink-soft">{t("orchestrator.tryUnsaved")}</p>}
        <Button type="submit" className="self-start" busy={dryRun.isPending} disabled={!content.trim()}>
          {t(dryRun.isPending ? "orchestrator.tryBusy" : "orchestrator.tryAction")}
        </Button>
      </form>
      {dryRun.isError && (
        <Notice tone="danger" live>
          {errorText(t, dryRun.error)}
        </Notice>
      )}
      {dryRun.data && <Result result={dryRun.data} />}
    </section>
  );
}

const intoView = (element: HTMLElement | null) => element?.scrollIntoView({ block: "nearest" });

function Result({ result }: { result: DryRun }) {
  const { t, i18n } = useTranslation();
  const { view, choose } = usePlanView(result.tasks.length);
  const facts = useCallback(
    (task: PlanTask) => (
      <span className="text-ink-soft tabular-nums">{briefEstimate(t, task.estimate, i18n.language)}</span>
    ),
    [t, i18n.language],
  );
  const cost = result.cost && t("orchestrator.tryCost", { cost: shortMoney(result.cost) });
  if (result.tasks.length === 0) {
    return (
      <p role="status">
        {t("orchestrator.tryNone")} {cost}
      </p>
    );
  }
  return (
    <div ref={intoView} className="overflow-hidden rounded-2xl border border-line bg-raised">
      <div className="flex items-start gap-2 px-4 pt-3 pb-2.5">
        <div className="min-w-0 flex-1" role="status">
          <p className="font-semibold text-[0.95rem]">
            {t("plan.title")} · {t("plan.tasks", { count: result.tasks.length })}
          </p>
          <p className="text-[0.87rem] text-ink-soft tabular-nums">
            {costText(t, result.estimate)} · {timeText(t, result.estimate, i18n.language)}
          </p>
          {cost && <p className="text-[0.8rem] text-ink-faint">{cost}</p>}
        </div>
      </div>
      <ViewBar
        note={t(`plan.basis.${result.estimate.basis}`)}
        view={view}
        choose={choose}
        tasks={result.tasks}
        facts={facts}
      />
      <PlanView view={view} tasks={result.tasks} facts={facts} />
    </div>
  );
}
