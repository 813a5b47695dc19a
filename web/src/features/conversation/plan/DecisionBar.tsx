import { Check, Pencil, Undo2, X } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Plan } from "@/api/types";
import { shortMoney } from "@/lib/format";
import { Button } from "@/ui/Button";
import { RejectForm } from "@/ui/RejectForm";
import { costWithout, type Edits } from "./edits";

interface DecisionBarProps {
  plan: Plan;
  edits: Edits;
  edited: boolean;
  /** Nothing keeps it from being sent. */
  ready: boolean;
  busy: "confirm" | "reject" | null;
  onConfirm: () => void;
  onReject: (reason: string) => void;
  onUndo: () => void;
  /** Leads to where tasks can be changed; absent when they can be already. */
  onEdit?: () => void;
}

export function DecisionBar(props: DecisionBarProps) {
  const { plan, edits, edited, ready, busy, onConfirm, onReject, onUndo, onEdit } = props;
  const { t } = useTranslation();
  const [rejecting, setRejecting] = useState(false);
  const empty = edits.dropped.length >= plan.tasks.length;
  if (rejecting) {
    return (
      <RejectForm
        hint={t("approval.rejectHint")}
        action={t("approval.rejectAction")}
        busy={busy === "reject"}
        onReject={onReject}
        onBack={() => setRejecting(false)}
      />
    );
  }
  return (
    <div className="border-line border-t bg-sunken px-4 py-3">
      {edited && <EditedNote plan={plan} edits={edits} empty={empty} />}
      <div className="flex flex-wrap gap-2">
        <Button
          look="primary"
          busy={busy === "confirm"}
          disabled={empty || !ready || busy !== null}
          onClick={onConfirm}
        >
          {busy !== "confirm" && <Check aria-hidden className="size-4" />}
          {t(edited ? "approval.confirmEdited" : "approval.confirm")}
        </Button>
        {onEdit && (
          <Button onClick={onEdit}>
            <Pencil aria-hidden className="size-4" />
            {t("approval.edit")}
          </Button>
        )}
        {edited && (
          <Button look="ghost" onClick={onUndo}>
            <Undo2 aria-hidden className="size-4" />
            {t("approval.undoAll")}
          </Button>
        )}
        <Button
          look="dangerGhost"
          className="ml-auto"
          disabled={busy !== null}
          onClick={() => setRejecting(true)}
        >
          <X aria-hidden className="size-4" />
          {t("approval.reject")}
        </Button>
      </div>
    </div>
  );
}

function EditedNote({ plan, edits, empty }: { plan: Plan; edits: Edits; empty: boolean }) {
  const { t } = useTranslation();
  const cost = costWithout(plan.estimate.cost, plan.tasks, edits);
  const reassigned = Object.keys(edits.agents).length > 0;
  const less =
    edits.dropped.length > 0 &&
    cost !== null &&
    `${t("plan.about", { value: shortMoney(cost) })} ${t("approval.without")}`;
  return (
    <p className="mb-2.5 text-[0.87rem] text-ink-soft" role="status">
      {empty
        ? t("approval.none")
        : [less, (reassigned || !less) && t("approval.reestimated")].filter(Boolean).join(". ")}
    </p>
  );
}
