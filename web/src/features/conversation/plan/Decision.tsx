import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAgents } from "@/api/agents";
import { rejectApproval } from "@/api/approvals";
import { confirmApproval } from "@/api/plans";
import { ApiError } from "@/api/problem";
import type { Approval, Plan, PlanTask } from "@/api/types";
import { useSpace } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { briefEstimate } from "@/ui/plan/figures";
import { PlanView, ViewBar } from "@/ui/plan/PlanView";
import { useToast } from "@/ui/toasts";
import { DecisionBar } from "./DecisionBar";
import { draftOf, editedTask, emptied, isEdited, type Problems, problemsOf } from "./edits";
import { TaskEditor } from "./TaskEditor";
import { useEdits } from "./useEdits";
import { useHeldView } from "./useHeldView";

interface DecisionProps {
  store: ConversationStore;
  plan: Plan;
  approvalId: string;
}

const NO_PROBLEMS: Problems = { byTask: {}, rest: [] };

/** A plan that waits for its user: look at it, change it, say yes or no. */
export function Decision({ store, plan, approvalId }: DecisionProps) {
  const { t, i18n } = useTranslation();
  const { data: agents = [] } = useAgents();
  const control = useEdits(approvalId);
  const { view, choose } = useHeldView(plan.tasks.length);
  const [editing, setEditing] = useState<string | null>(null);
  const edited = isEdited(plan.tasks, control.edits);
  const { problems, failure, busy, answer } = useAnswer(store, approvalId, control.forget);
  const facts = useCallback(
    (task: PlanTask) => (
      <span className="text-ink-soft tabular-nums">
        {plan.tasks.some((proposed) => proposed.id === task.id && proposed.agent !== task.agent)
          ? t("approval.estimateLater")
          : briefEstimate(t, task.estimate, i18n.language)}
      </span>
    ),
    [t, i18n.language, plan.tasks],
  );
  const empty = emptied(plan.tasks, control.edits);
  const worst = plan.tasks.find((task) => task.id in problems.byTask)?.id;
  const shown = {
    tasks: plan.tasks.flatMap((task) => editedTask(task, control.edits) ?? []),
    facts,
    onOpen: (id: string) => {
      choose?.("list");
      setEditing(id);
    },
  };
  const confirm = () => {
    const draft = draftOf(plan.tasks, control.edits);
    // Complaints stand at the tasks, which only the list shows.
    if (edited) choose?.("list");
    return answer("confirm", () => confirmApproval(approvalId, edited ? draft : null), draft);
  };

  return (
    <>
      <ViewBar note={t(`plan.basis.${plan.estimate.basis}`)} view={view} choose={choose} {...shown} />
      <div>
        {view === "graph" ? (
          <PlanView view={view} {...shown} />
        ) : (
          <ol className="flex flex-col divide-y divide-line">
            {plan.tasks.map((task, index) => (
              <TaskEditor
                key={task.id}
                task={task}
                number={index + 1}
                tasks={plan.tasks}
                agents={agents.filter((agent) => agent.is_active)}
                control={control}
                focused={editing === task.id}
                problem={empty.includes(task.id) ? t("approval.empty") : (problems.byTask[task.id] ?? null)}
                firstProblem={task.id === worst}
              />
            ))}
          </ol>
        )}
      </div>
      <div className="sticky bottom-0 z-10">
        {failure !== null && (
          <div className="bg-sunken px-4 pt-3">
            <Notice tone="danger" live title={t("approval.refused")}>
              {problems.rest.length > 0
                ? problems.rest.map((text) => <p key={text}>{text}</p>)
                : errorText(t, failure)}
            </Notice>
          </div>
        )}
        <DecisionBar
          plan={plan}
          edits={control.edits}
          edited={edited}
          ready={empty.length === 0}
          busy={busy}
          onConfirm={confirm}
          onReject={(reason) => answer("reject", () => rejectApproval(approvalId, reason), [])}
          onUndo={control.forget}
          onEdit={view === "graph" && choose ? () => choose("list") : undefined}
        />
      </div>
    </>
  );
}

/** Gives the answer. The first one wins: if it came from elsewhere, the page says so and follows. */
function useAnswer(store: ConversationStore, approvalId: string, forget: () => void) {
  const { t } = useTranslation();
  const space = useSpace();
  const toast = useToast();
  const [busy, setBusy] = useState<"confirm" | "reject" | null>(null);
  const [problems, setProblems] = useState(NO_PROBLEMS);
  const [failure, setFailure] = useState<unknown>(null);

  const answer = async (
    kind: "confirm" | "reject",
    give: () => Promise<Approval>,
    sent: ReturnType<typeof draftOf>,
  ) => {
    setBusy(kind);
    space.answering.add(approvalId);
    setFailure(null);
    setProblems(NO_PROBLEMS);
    try {
      const approval = await give();
      forget();
      space.answered(approval);
    } catch (error) {
      if (error instanceof ApiError && (error.status === 409 || error.status === 404)) {
        toast({ title: t("approval.already") });
        space.changed("approvals");
        space.answering.delete(approvalId);
        await store.refresh();
        return;
      }
      setFailure(error);
      if (error instanceof ApiError) setProblems(problemsOf(error.fields, sent));
    } finally {
      space.answering.delete(approvalId);
      setBusy(null);
    }
  };
  return { problems, failure, busy, answer };
}
