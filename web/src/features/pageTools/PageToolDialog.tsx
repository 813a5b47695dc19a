import { type ComponentType, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Remember } from "@/api/approvals";
import { ApiError } from "@/api/problem";
import type { Approval, ToolQuestion } from "@/api/types";
import { useSpace } from "@/live/LiveProvider";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Notice } from "@/ui/Notice";
import { RejectForm } from "@/ui/RejectForm";
import { answerText } from "@/ui/tools/answerText";
import type { PageDeed } from "@/ui/tools/known";
import { type Answers, useAnswers } from "@/ui/tools/useAnswers";
import { agentNameOf, useToolTitle } from "@/ui/tools/useToolTitle";
import { Why } from "@/ui/tools/Wish";
import type { BodyProps } from "./body";
import { CameraBody } from "./CameraBody";
import { ClipboardReadBody, ClipboardWriteBody } from "./ClipboardBody";
import { Consent } from "./Consent";
import { FilesBody } from "./FilesBody";
import { LocationBody } from "./LocationBody";
import { MicrophoneBody } from "./MicrophoneBody";
import type { PageProblem } from "./problem";

const BODIES: Record<PageDeed, ComponentType<BodyProps>> = {
  camera: CameraBody,
  microphone: MicrophoneBody,
  geolocation: LocationBody,
  clipboardRead: ClipboardReadBody,
  clipboardWrite: ClipboardWriteBody,
  file_picker: FilesBody,
};

export type PageApproval = Omit<Approval, "plan"> & { tool: ToolQuestion };

interface PageToolDialogProps {
  approval: PageApproval;
  deed: PageDeed;
  /** What went wrong when the page tried by itself. */
  first: PageProblem | null;
  onClose: () => void;
}

/** An agent asks the page for something: who, what and why; then, if the user agrees, the thing itself. */
export function PageToolDialog({ approval, deed, first, onClose }: PageToolDialogProps) {
  const { t } = useTranslation();
  const { pageTools } = useSpace();
  const { tool } = approval;
  const title = useToolTitle(tool);
  const answers = useAnswers();
  const [begun, setBegun] = useState(tool.remembered || deed === "file_picker");
  const [remember, setRemember] = useState<Remember>("once");
  const [rejecting, setRejecting] = useState(false);
  const [problem, setProblem] = useState(first);
  /** Rises with every new try. */
  const [tries, setTries] = useState(0);
  const [sent, setSent] = useState<{ result: unknown; remember: Remember } | null>(null);
  const reason = typeof tool.arguments.reason === "string" ? tool.arguments.reason : "";
  const Body = BODIES[deed];

  const send = async (result: unknown, next: Remember = remember) => {
    setSent({ result, remember: next });
    if (await answers.confirm(approval, { result, remember: next })) onClose();
  };
  const again = () => {
    pageTools.act(approval.id);
    setProblem(null);
    setBegun(true);
    setTries(tries + 1);
  };

  return (
    <Dialog open onClose={onClose} title={title}>
      <div className="mt-3 flex flex-col gap-4">
        <Why agent={agentNameOf(tool)} reason={reason} />
        {tool.remembered && <p className="text-[0.87rem] text-ink-faint">{t("page.remembered")}</p>}
        {problem ? (
          <ProblemNotice
            problem={problem}
            onAgain={again}
            onTell={() => void send(problem, "once")}
            busy={answers.busyOf(approval.id) !== null}
          />
        ) : begun ? (
          <Body
            key={tries}
            tool={tool}
            busy={answers.busyOf(approval.id) !== null}
            send={(result) => void send(result)}
            fail={setProblem}
          />
        ) : (
          <Consent
            deed={deed}
            text={String(tool.arguments.text ?? "")}
            remember={remember}
            onRemember={setRemember}
            onBegin={() => {
              pageTools.act(approval.id);
              setBegun(true);
            }}
          />
        )}
        <NotSent
          failure={answers.failureOf(approval.id)}
          onAgain={sent ? () => void send(sent.result, sent.remember) : undefined}
        />
      </div>
      <div className="-mx-5 -mb-5 mt-5">
        {rejecting ? (
          <RejectForm
            hint={t("ask.rejectHint")}
            action={t("ask.rejectAction")}
            busy={answers.busyOf(approval.id) === "reject"}
            onReject={async (why) => (await answers.reject(approval, why)) && onClose()}
            onBack={() => setRejecting(false)}
          />
        ) : (
          <LastWords
            answers={answers}
            id={approval.id}
            onClose={onClose}
            onReject={() => setRejecting(true)}
          />
        )}
      </div>
    </Dialog>
  );
}

interface LastWordsProps {
  answers: Answers;
  id: string;
  onClose: () => void;
  onReject: () => void;
}

function LastWords({ answers, id, onClose, onReject }: LastWordsProps) {
  const { t } = useTranslation();
  return (
    <div className="flex flex-wrap justify-between gap-2 border-line border-t bg-sunken px-5 py-3">
      <Button look="ghost" size="sm" onClick={onClose}>
        {t("page.later")}
      </Button>
      <Button look="dangerGhost" size="sm" disabled={answers.busyOf(id) !== null} onClick={onReject}>
        {t("ask.reject")}
      </Button>
    </div>
  );
}

interface ProblemNoticeProps {
  problem: PageProblem;
  busy: boolean;
  onAgain: () => void;
  onTell: () => void;
}

/** It did not work: the user hears of it first, and decides what the agent hears. */
function ProblemNotice({ problem, busy, onAgain, onTell }: ProblemNoticeProps) {
  const { t } = useTranslation();
  return (
    <Notice
      tone="warn"
      live
      title={t(`page.problem.${problem.error}`)}
      actions={
        <>
          <Button size="sm" look="primary" autoFocus disabled={busy} onClick={onAgain}>
            {t("page.again")}
          </Button>
          <Button size="sm" busy={busy} onClick={onTell}>
            {t("page.tellFailed")}
          </Button>
        </>
      }
    >
      {t(`page.problemText.${problem.error}`)}
    </Notice>
  );
}

/** The answer did not arrive, or was not taken: nothing that was made is lost. */
function NotSent({ failure, onAgain }: { failure: unknown; onAgain?: () => void }) {
  const { t } = useTranslation();
  if (!failure) return null;
  const told = failure instanceof ApiError ? Object.values(failure.fields).join(" ") : "";
  return (
    <Notice
      tone="danger"
      live
      title={t("ask.notSent")}
      actions={
        onAgain && (
          <Button size="sm" onClick={onAgain}>
            {t("page.again")}
          </Button>
        )
      }
    >
      {told || answerText(t, failure)}
    </Notice>
  );
}
