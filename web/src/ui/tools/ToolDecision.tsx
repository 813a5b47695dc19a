import { Hourglass } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { ToolAnswer } from "@/api/approvals";
import { ApiError } from "@/api/problem";
import type { ToolQuestion } from "@/api/types";
import { shortTime } from "@/lib/format";
import type { LiveApproval } from "@/live/conversation";
import { AgentAvatar } from "@/ui/AgentAvatar";
import { Notice } from "@/ui/Notice";
import { ArgumentsForm } from "./ArgumentsForm";
import { answerText } from "./answerText";
import { DecisionButtons } from "./DecisionButtons";
import { deedOf, handleOf } from "./known";
import { complaintsOf, draftOf, fieldsOf } from "./schema";
import type { Answers } from "./useAnswers";
import { editedOf, useArgumentDraft } from "./useDraft";
import { useAgentName, useToolTitle } from "./useToolTitle";
import { Wish } from "./Wish";

interface ToolDecisionProps {
  approval: LiveApproval;
  tool: ToolQuestion;
  answers: Answers;
  /** Where in the plan, or in which chat. */
  place?: ReactNode;
  /** It stands where its agent waits: ways to the question lead here. */
  anchor?: boolean;
}

/** A tool call that waits for its user: who wants what and why, to be allowed, changed or refused. */
export function ToolDecision({ approval, tool, answers, place, anchor }: ToolDecisionProps) {
  const { t, i18n } = useTranslation();
  const titleId = useId();
  const title = useToolTitle(tool);
  const failure = answers.failureOf(approval.id);
  const editing = useEditing(approval, tool, failure);
  const card = useRef<HTMLElement>(null);
  const agent = useAgentName(tool);

  useEffect(() => {
    if (failure) card.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [failure]);

  const confirm = (remember: ToolAnswer["remember"]) => {
    const { edited, problems } = editedOf(approval);
    if (Object.keys(problems).length > 0) {
      card.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
      return;
    }
    void answers.confirm(approval, { ...(edited && { edited }), remember });
  };

  return (
    <article
      ref={card}
      id={anchor ? `ask-${approval.id}` : undefined}
      tabIndex={-1}
      aria-labelledby={titleId}
      className="overflow-clip rounded-2xl border border-accent bg-raised outline-none"
    >
      <div className="flex items-start gap-3 px-4 pt-3.5">
        <AgentAvatar name={agent} seed={handleOf(tool.agent_id)} size="md" />
        <div className="min-w-0 flex-1">
          <h2 id={titleId} className="break-words font-semibold text-[0.97rem]">
            {title}
          </h2>
          <p className="flex flex-wrap items-center gap-x-3 text-[0.84rem] text-ink-soft">
            {place}
            {approval.expires_at && (
              <span className="inline-flex items-center gap-1">
                <Hourglass aria-hidden className="size-3.5" />
                {t("ask.expires", { time: shortTime(approval.expires_at, i18n.language) })}
              </span>
            )}
          </p>
        </div>
      </div>
      <div className="px-4 pt-3 pb-3.5">
        {editing.form ? <ArgumentsForm {...editing.form} /> : <Wish tool={tool} />}
      </div>
      {failure !== null && (
        <div className="px-4 pb-3">
          <Notice tone="danger" live title={t(isRefusal(failure) ? "ask.refused" : "ask.notSent")}>
            {editing.rest || answerText(t, failure)}
          </Notice>
        </div>
      )}
      <DecisionButtons
        approval={approval}
        agent={agent}
        deed={deedOf(tool)}
        busy={answers.busyOf(approval.id)}
        editing={editing.form !== null}
        edited={editing.edited}
        onEdit={editing.toggle}
        onConfirm={confirm}
        onReject={(reason) => answers.reject(approval, reason)}
      />
    </article>
  );
}

const isRefusal = (failure: unknown) => failure instanceof ApiError && failure.status < 429;

/** The form for the arguments, once its user wants one or the server has complained about them. */
function useEditing(approval: LiveApproval, tool: ToolQuestion, failure: unknown) {
  const { t } = useTranslation();
  const { draft, setDraft } = useArgumentDraft(approval.id);
  const fields = fieldsOf(tool.arguments_schema, tool.arguments);
  const original = draftOf(fields, tool.arguments);
  const { problems, edited } = editedOf(approval);
  const complaints = failure instanceof ApiError ? complaintsOf(failure.fields) : {};
  const { "": rest = "", ...told } = complaints;
  const own = Object.fromEntries(
    Object.entries(problems).map(([name, problem]) => [name, t(`ask.field.${problem}`)]),
  );
  const editable = fields.length > 0 && deedOf(tool) === null;
  return {
    form: draft &&
      editable && {
        fields,
        draft: { ...original, ...draft },
        problems: { ...told, ...own },
        onChange: setDraft,
      },
    edited: edited !== undefined,
    /** Complaints that are about no argument. */
    rest,
    toggle: editable ? () => setDraft(draft ? null : original) : undefined,
  };
}
