import { useState } from "react";
import { useTranslation } from "react-i18next";
import { confirmTool, rejectApproval, type ToolAnswer } from "@/api/approvals";
import { ApiError } from "@/api/problem";
import type { Approval } from "@/api/types";
import type { LiveApproval } from "@/live/conversation";
import { useSpace } from "@/live/LiveProvider";
import { useToast } from "@/ui/toasts";
import { forgetDraft } from "./useDraft";

/** Which button was pressed. */
export type Deed = "once" | "session" | "always" | "reject";

export interface Answers {
  busyOf: (id: string) => Deed | null;
  failureOf: (id: string) => unknown;
  confirm: (approval: LiveApproval, answer: ToolAnswer) => Promise<boolean>;
  reject: (approval: LiveApproval, reason: string) => Promise<boolean>;
}

/** Answers questions about tools. The first answer wins: if it came from elsewhere, the page says so and follows. */
export function useAnswers(): Answers {
  const { t } = useTranslation();
  const space = useSpace();
  const toast = useToast();
  const [busy, setBusy] = useState<Record<string, Deed | null>>({});
  const [failures, setFailures] = useState<Record<string, unknown>>({});

  /** True when nothing waits any more. */
  const give = async ({ id, session_id }: LiveApproval, deed: Deed, send: () => Promise<Approval>) => {
    setBusy((all) => ({ ...all, [id]: deed }));
    setFailures((all) => ({ ...all, [id]: null }));
    space.answering.add(id);
    try {
      const approval = await send();
      forgetDraft(id);
      space.answered(approval);
      return true;
    } catch (error) {
      space.answering.delete(id);
      if (isSettled(error)) {
        toast({ title: t("ask.already") });
        await space.lookAgain(session_id);
        return true;
      }
      setFailures((all) => ({ ...all, [id]: error }));
      return false;
    } finally {
      setBusy((all) => ({ ...all, [id]: null }));
    }
  };
  return {
    busyOf: (id) => busy[id] ?? null,
    failureOf: (id) => failures[id] ?? null,
    confirm: (approval, answer) =>
      give(approval, answer.remember ?? "once", () => confirmTool(approval.id, answer)),
    reject: (approval, reason) => give(approval, "reject", () => rejectApproval(approval.id, reason)),
  };
}

/** It was answered otherwise before, or went with its run. A tool that is gone still waits for a no. */
const isSettled = (error: unknown) =>
  error instanceof ApiError && (error.status === 404 || (error.status === 409 && error.slug !== "tool-gone"));
