import { useTranslation } from "react-i18next";
import type { PlanTask } from "@/api/types";
import type { LiveApproval } from "@/live/conversation";
import { useChatState, useSpace } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/Notice";
import { editedTask, isChanged, isEdited } from "./edits";
import { useEdits } from "./useEdits";

interface OutcomeProps {
  store: ConversationStore;
  approval: LiveApproval;
  tasks: readonly PlanTask[];
}

/** What became of a question, when that is not plain to see: the reason, or that another window was faster. */
export function Outcome({ store, approval, tasks }: OutcomeProps) {
  const { t } = useTranslation();
  // The event may be faster than the answer to the request.
  const space = useSpace();
  const ours = useChatState(store, () => space.answering.has(approval.id));
  const { edits, forget } = useEdits(approval.id);
  if (approval.status === "pending" || ours) return null;
  if (isEdited(tasks, edits)) {
    return (
      <div className="px-4 pb-3">
        <Notice
          tone="info"
          live
          title={t(`approval.elsewhere.${approval.status}`)}
          actions={
            <Button size="sm" onClick={forget}>
              {t("approval.discard")}
            </Button>
          }
        >
          <p>{t("approval.yourChanges")}:</p>
          <ul className="list-disc pl-5">
            {tasks
              .filter((task) => isChanged(task, edits))
              .map((task) => {
                const edited = editedTask(task, edits);
                return (
                  <li key={task.id}>
                    {edited
                      ? `@${edited.agent}: ${edited.instruction}`
                      : `${t("approval.dropped")}: ${task.instruction}`}
                  </li>
                );
              })}
          </ul>
        </Notice>
      </div>
    );
  }
  const text =
    approval.status === "expired"
      ? t("approval.expired")
      : approval.status === "rejected" && approval.reason
        ? t("approval.rejectedBecause", { reason: approval.reason })
        : null;
  return text && <p className="px-4 pb-3 text-[0.87rem] text-ink-soft">{text}</p>;
}
