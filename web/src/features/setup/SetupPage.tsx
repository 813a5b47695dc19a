import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { createAgent, useAgents } from "@/api/agents";
import { keys } from "@/api/keys";
import { useModels } from "@/api/models";
import { ApiError } from "@/api/problem";
import type { Agent, ModelChoice } from "@/api/types";
import { useSpace } from "@/live/LiveProvider";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/failures";
import { Brand } from "@/ui/Logo";
import { Notice } from "@/ui/Notice";
import { AgentsStep } from "./AgentsStep";
import { ModelStep } from "./ModelStep";
import { agentOf, type Starter, startersIn } from "./starters";

const STEPS = 2;

/** From a new account to a team in two steps: a model, and the first agents. */
export function SetupPage() {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const models = useModels();
  const [step, setStep] = useState(1);
  const [picked, setPicked] = useState<ModelChoice | null>(null);
  const [starters, setStarters] = useState(() => startersIn(t));
  const { create, busy, failure } = useCreateTeam();
  // Connecting a provider moves the server's default; what is chosen here moves only when that provider works.
  const [firstDefault, setFirstDefault] = useState<ModelChoice | null>(null);
  if (!firstDefault && models.data) setFirstDefault(models.data.default);
  const model = picked ?? firstDefault;
  const count = starters.filter((starter) => starter.chosen).length;

  const finish = async () => {
    if (!model) return;
    const first = await create(starters, model);
    if (first) go(`/?agent=${first}`);
  };

  return (
    <div className="scroll-thin flex h-full flex-col overflow-y-auto">
      <header className="flex items-center justify-between px-5 py-4">
        <Brand />
        <Button look="ghost" size="sm" onClick={() => go("/")}>
          {t("setup.skip")}
        </Button>
      </header>
      <main id="main" className="mx-auto w-full max-w-2xl flex-1 px-5 pt-6 pb-10 md:pt-12">
        <p className="text-[0.87rem] text-ink-faint">{t("setup.step", { step, count: STEPS })}</p>
        <h1 className="mt-1 font-semibold text-[1.6rem] tracking-tight">
          {t(step === 1 ? "setup.modelTitle" : "setup.agentsTitle")}
        </h1>
        <p className="mt-1 mb-7 text-ink-soft">{t(step === 1 ? "setup.modelText" : "setup.agentsText")}</p>
        {step === 1 ? (
          <ModelStep catalogue={models.data} error={models.error} model={model} onPick={setPicked} />
        ) : (
          <AgentsStep starters={starters} onChange={setStarters} />
        )}
        {failure !== null && (
          <div className="mt-5">
            <Notice tone="danger" live title={t("setup.failed")}>
              {errorText(t, failure)}
            </Notice>
          </div>
        )}
      </main>
      <footer className="sticky bottom-0 border-line border-t bg-canvas">
        <div className="mx-auto flex w-full max-w-2xl items-center justify-between gap-3 px-5 py-3.5">
          {step > 1 ? (
            <Button look="ghost" onClick={() => setStep(step - 1)}>
              {t("common.back")}
            </Button>
          ) : (
            <span />
          )}
          {step === 1 ? (
            <Button look="primary" size="lg" disabled={!model} onClick={() => setStep(2)}>
              {t("setup.next")}
            </Button>
          ) : (
            <Button look="primary" size="lg" busy={busy} disabled={count === 0} onClick={() => void finish()}>
              {count === 0 ? t("setup.noAgents") : t("setup.finish", { count })}
            </Button>
          )}
        </div>
      </footer>
    </div>
  );
}

/** Makes the chosen agents. Tried again after a failure, it makes only those that are missing. */
function useCreateTeam() {
  const client = useQueryClient();
  const space = useSpace();
  const { data: existing } = useAgents();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);

  /** The handle of the first agent, or null when one could not be made. */
  const create = async (starters: Starter[], model: ModelChoice): Promise<string | null> => {
    setBusy(true);
    setFailure(null);
    const handles = new Set(existing?.map((agent) => agent.handle));
    try {
      const chosen = starters.filter((starter) => starter.chosen);
      for (const starter of chosen) {
        if (!handles.has(starter.id)) await createUnlessThere(starter, model);
      }
      return chosen[0]?.id ?? null;
    } catch (error) {
      setFailure(error);
      return null;
    } finally {
      setBusy(false);
      await client.invalidateQueries({ queryKey: keys.agents });
      space.changed("agents");
    }
  };
  return { create, busy, failure };
}

async function createUnlessThere(starter: Starter, model: ModelChoice): Promise<Agent | null> {
  try {
    return await createAgent(agentOf(starter, model));
  } catch (error) {
    if (error instanceof ApiError && error.status === 409) return null;
    throw error;
  }
}
