import { Check, Pencil, Undo2, X } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Remember } from "@/api/approvals";
import { cx } from "@/lib/cx";
import type { LiveApproval } from "@/live/conversation";
import { useSpace } from "@/live/LiveProvider";
import { Button } from "@/ui/Button";
import { RejectForm } from "@/ui/RejectForm";
import type { PageDeed } from "./known";
import type { Deed } from "./useAnswers";

interface DecisionButtonsProps {
  approval: LiveApproval;
  agent: string;
  /** What the page is to do itself; null for what the server carries out. */
  deed: PageDeed | null;
  busy: Deed | null;
  editing: boolean;
  edited: boolean;
  /** Begins or gives up changing the arguments; absent where there are none to change. */
  onEdit?: () => void;
  onConfirm: (remember: Remember) => void;
  onReject: (reason: string) => void;
}

/** Five buttons fit into one line in every language, and into two on a phone. */
const TIGHT = "px-2.5!";

export function DecisionButtons(props: DecisionButtonsProps) {
  const { t } = useTranslation();
  const [rejecting, setRejecting] = useState(false);
  const { busy, onReject } = props;
  if (rejecting) {
    return (
      <RejectForm
        hint={t("ask.rejectHint")}
        action={t("ask.rejectAction")}
        busy={busy === "reject"}
        onReject={onReject}
        onBack={() => setRejecting(false)}
      />
    );
  }
  return (
    <div className="flex flex-wrap items-center gap-2 border-line border-t bg-sunken px-4 py-3">
      {props.deed ? <OpenPage {...props} deed={props.deed} /> : <Allow {...props} />}
      <Button
        look="dangerGhost"
        className={cx(TIGHT, "ml-auto")}
        disabled={busy !== null}
        onClick={() => setRejecting(true)}
      >
        <X aria-hidden className="size-4" />
        {t("ask.reject")}
      </Button>
    </div>
  );
}

function OpenPage({ approval, deed, busy }: DecisionButtonsProps & { deed: PageDeed }) {
  const { t } = useTranslation();
  const { pageTools } = useSpace();
  return (
    <Button look="primary" disabled={busy !== null} onClick={() => pageTools.open(approval.id)}>
      {t(`page.begin.${deed}`)}
    </Button>
  );
}

function Allow({ agent, busy, editing, edited, onEdit, onConfirm }: DecisionButtonsProps) {
  const { t } = useTranslation();
  const button = (remember: Remember) => ({
    className: TIGHT,
    busy: busy === remember,
    disabled: busy !== null,
    onClick: () => onConfirm(remember),
  });
  return (
    <>
      <Button look="primary" {...button("once")}>
        {busy !== "once" && <Check aria-hidden className="size-4" />}
        {t(edited ? "ask.onceEdited" : "ask.once")}
      </Button>
      <Button {...button("session")}>{t("ask.session")}</Button>
      <Button {...button("always")} title={t("ask.alwaysHint", { agent })}>
        {t("ask.always")}
      </Button>
      {onEdit && (
        <Button
          look="ghost"
          className={TIGHT}
          aria-expanded={editing}
          disabled={busy !== null}
          onClick={onEdit}
        >
          {editing ? <Undo2 aria-hidden className="size-4" /> : <Pencil aria-hidden className="size-4" />}
          <span className="max-sm:sr-only">{t(editing ? "ask.editDone" : "ask.edit")}</span>
        </Button>
      )}
    </>
  );
}
