import { Workflow } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useOrchestrator, useSaveOrchestrator } from "@/api/plans";
import { ApiError } from "@/api/problem";
import type { Orchestrator } from "@/api/types";
import { useSpace } from "@/live/LiveProvider";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { PageHeader } from "@/ui/PageHeader";
import { RefusedForm } from "@/ui/RefusedForm";
import { Skeleton } from "@/ui/Skeleton";
import { useToast } from "@/ui/toasts";
import { Fields } from "./Fields";
import { bodyOf, formOf, isSame } from "./form";
import { TryIt } from "./TryIt";

/** How the orchestrator plans, asks and spends, and a place to try that. */
export function OrchestratorPage() {
  const { t } = useTranslation();
  const { data, isError, refetch } = useOrchestrator();
  return (
    <main id="main" aria-label={t("app.orchestratorSettings")} className="flex h-full min-w-0 flex-col">
      <PageHeader>
        <Workflow aria-hidden className="size-5 text-accent-text" />
        <h1 className="truncate font-semibold">{t("app.orchestrator")}</h1>
      </PageHeader>
      {isError && !data && (
        <EmptyState
          text={t("orchestrator.loadFailed")}
          action={{ label: t("common.retry"), run: () => void refetch() }}
        />
      )}
      {!isError && !data && (
        <div className="mx-auto flex w-full max-w-2xl flex-col gap-6 px-4 py-6 md:px-6">
          <Skeleton className="h-12" />
          <Skeleton className="h-32" />
        </div>
      )}
      {data && <Editor saved={data} />}
    </main>
  );
}

function Editor({ saved }: { saved: Orchestrator }) {
  const { t } = useTranslation();
  const space = useSpace();
  const toast = useToast();
  const [form, setForm] = useState(() => formOf(saved));
  const save = useSaveOrchestrator();
  const fields = save.error instanceof ApiError ? save.error.fields : {};
  const changed = !isSame(form, formOf(saved));

  const submit = async () => {
    const now = await save.mutateAsync(bodyOf(form));
    setForm(formOf(now));
    space.changed("orchestrator");
    toast({ title: t("orchestrator.saved") });
  };

  return (
    <div className="scroll-thin min-h-0 flex-1 overflow-y-auto">
      <div className="mx-auto flex max-w-2xl flex-col gap-8 px-4 py-6 md:px-6">
        <p className="text-ink-soft">{t("orchestrator.about")}</p>
        <form
          noValidate
          className="flex flex-col gap-6"
          onSubmit={(event) => {
            event.preventDefault();
            submit().catch(() => undefined);
          }}
        >
          <Fields
            form={form}
            fields={fields}
            change={(part) => setForm((current) => ({ ...current, ...part }))}
          />
          {save.error && <RefusedForm error={save.error} />}
          <div className="flex gap-2">
            <Button type="submit" look="primary" busy={save.isPending} disabled={!changed}>
              {t("common.save")}
            </Button>
            {changed && (
              <Button
                look="ghost"
                onClick={() => {
                  save.reset();
                  setForm(formOf(saved));
                }}
              >
                {t("common.cancel")}
              </Button>
            )}
          </div>
        </form>
        <TryIt unsaved={changed} />
      </div>
    </div>
  );
}
