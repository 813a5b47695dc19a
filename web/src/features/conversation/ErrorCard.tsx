import { RotateCcw } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { Failure } from "@/api/types";
import { Button } from "@/ui/Button";
import {
  failureAdvice,
  failureTitle,
  needsAgent,
  needsBudget,
  needsModels,
  needsOrchestrator,
} from "@/ui/failures";
import { Notice } from "@/ui/Notice";

interface ErrorCardProps {
  failure: Failure;
  agentId: string | null;
  onRetry?: () => void;
  retrying: boolean;
}

/** What went wrong with an answer, what it means, and what to do next. */
export function ErrorCard({ failure, agentId, onRetry, retrying }: ErrorCardProps) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const advice = failureAdvice(t, failure.code);
  return (
    <Notice
      tone="danger"
      title={failureTitle(t, failure.code)}
      actions={
        <>
          {onRetry && (
            <Button size="sm" busy={retrying} onClick={onRetry}>
              {!retrying && <RotateCcw aria-hidden className="size-3.5" />}
              {t("common.retry")}
            </Button>
          )}
          {needsModels(failure.code) && (
            <Button size="sm" onClick={() => go("/settings/models")}>
              {t("errors.openModels")}
            </Button>
          )}
          {needsBudget(failure.code) && (
            <>
              <Button size="sm" onClick={() => go("/orchestrator")}>
                {t("errors.openRunBudget")}
              </Button>
              <Button size="sm" onClick={() => go("/usage")}>
                {t("errors.openMonthBudget")}
              </Button>
            </>
          )}
          {needsOrchestrator(failure.code) && !agentId && (
            <Button size="sm" onClick={() => go("/orchestrator")}>
              {t("app.orchestratorSettings")}
            </Button>
          )}
          {needsAgent(failure.code) && agentId && (
            <Button size="sm" onClick={() => go(`/agents/${agentId}`)}>
              {t("errors.openAgent")}
            </Button>
          )}
        </>
      }
    >
      {failure.detail && <p>{failure.detail}</p>}
      {advice && <p>{advice}</p>}
    </Notice>
  );
}
