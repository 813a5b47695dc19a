import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useApprovals } from "@/api/approvals";
import type { Approval } from "@/api/types";
import { useSpace } from "@/live/LiveProvider";
import { useToast } from "@/ui/toasts";
import { deedOf } from "@/ui/tools/known";
import { useAnswers } from "@/ui/tools/useAnswers";
import { agentNameOf } from "@/ui/tools/useToolTitle";
import { actsAtOnce, atOnce, inOneTab } from "./atOnce";
import { type PageApproval, PageToolDialog } from "./PageToolDialog";
import type { PageProblem } from "./problem";

const NONE: Approval[] = [];

/** Carries out what agents ask of the page: at once where that was allowed before, in a dialog anywhere else. */
export function PageToolHost() {
  const { pageTools } = useSpace();
  const { data = NONE } = useApprovals();
  const waiting = useMemo(() => data.filter(isOfPage), [data]);
  const opened = useSyncExternalStore(pageTools.subscribe, pageTools.getOpened);
  const [problems, setProblems] = useState<Readonly<Record<string, PageProblem>>>({});
  const onProblem = useCallback(
    (id: string, problem: PageProblem) => setProblems((all) => ({ ...all, [id]: problem })),
    [],
  );
  useComing(waiting, onProblem);
  const current = waiting.find((approval) => approval.id === opened);
  const deed = current && deedOf(current.tool);

  // Answered elsewhere, stopped or too late: nothing stays open for it.
  useEffect(() => {
    if (opened && !current) pageTools.close();
  }, [opened, current, pageTools]);

  if (!current || !deed) return null;
  return (
    <PageToolDialog
      key={current.id}
      approval={current}
      deed={deed}
      first={problems[current.id] ?? null}
      onClose={() => pageTools.close()}
    />
  );
}

const isOfPage = (approval: Approval): approval is Approval & PageApproval =>
  approval.tool?.kind === "browser";

/** Takes up each question once, in the window that its user looks at. */
function useComing(waiting: PageApproval[], onProblem: (id: string, problem: PageProblem) => void): void {
  const { pageTools } = useSpace();
  const [path] = useLocation();
  const act = useAtOnce(onProblem);
  const seen = useRef(new Set<string>());

  useEffect(() => {
    const look = () => {
      if (document.hidden || !document.hasFocus() || pageTools.getOpened()) return;
      for (const approval of waiting.toReversed()) {
        const deed = deedOf(approval.tool);
        if (!deed || seen.current.has(approval.id)) continue;
        if (actsAtOnce(approval, deed)) {
          seen.current.add(approval.id);
          void act(approval);
          continue;
        }
        if (path !== `/chat/${approval.session_id}`) continue;
        seen.current.add(approval.id);
        // Nobody is interrupted in the middle of a sentence: the question stands in the chat.
        if (isWriting()) continue;
        return pageTools.open(approval.id);
      }
    };
    look();
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [waiting, path, pageTools, act]);
}

function isWriting(): boolean {
  const field = document.activeElement;
  return (
    (field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement) && field.value.trim() !== ""
  );
}

/** Does what was allowed before, and tells; where that fails, its user hears of it first. */
function useAtOnce(onProblem: (id: string, problem: PageProblem) => void) {
  const { t } = useTranslation();
  const { pageTools } = useSpace();
  const toast = useToast();
  const answers = useAnswers();
  const current = useRef({ t, toast, answers, onProblem });
  useEffect(() => {
    current.current = { t, toast, answers, onProblem };
  });
  return useCallback(
    (approval: PageApproval) =>
      inOneTab(`artel.page-tool.${approval.id}`, async () => {
        const deed = deedOf(approval.tool);
        if (!deed) return;
        const ask = (problem: PageProblem) => {
          current.current.onProblem(approval.id, problem);
          pageTools.open(approval.id);
        };
        try {
          const result = await atOnce(approval, deed);
          const { t, toast, answers } = current.current;
          if (!(await answers.confirm(approval, { result }))) return ask({ error: "failed" });
          const agent = agentNameOf(approval.tool);
          if (deed === "geolocation") toast({ title: t("page.geolocation.sent", { agent }) });
          else
            toast({
              title: t(deed === "clipboardRead" ? "page.clipboard.sent" : "page.clipboard.written", {
                agent,
              }),
            });
        } catch (problem) {
          ask(problem as PageProblem);
        }
      }),
    [pageTools],
  );
}
