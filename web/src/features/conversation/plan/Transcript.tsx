import { useQuery } from "@tanstack/react-query";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { fetchTask } from "@/api/plans";
import type { PlanTask } from "@/api/types";
import { NO_CALLS } from "@/live/calls";
import { useChatState } from "@/live/LiveProvider";
import { isTaskOver } from "@/live/plans";
import type { ConversationStore } from "@/live/store";
import { workKey } from "@/live/works";
import { Markdown } from "@/ui/markdown/Markdown";
import { Skeleton } from "@/ui/Skeleton";
import { partsOf } from "../tools/parts";
import { ToolCalls } from "../tools/ToolCalls";
import type { TaskRef } from "./selection";

/** What a task has written: as it was heard here, or as the server kept it. */
export function Transcript({ store, at, task }: { store: ConversationStore; at: TaskRef; task: PlanTask }) {
  const { t } = useTranslation();
  const work = useChatState(store, (state) => state.conversation?.works[workKey(at.runId, at.taskId)]);
  const running = task.status === "running";
  const heard = work?.whole ? work.text : null;
  const begun = task.attempt > 0 || task.message_id !== null;
  const kept = useQuery({
    queryKey: ["task", at.runId, at.taskId, task.attempt, task.status],
    queryFn: async () => {
      const detail = await fetchTask(at.runId, at.taskId);
      // A text that still grows goes on from here.
      if (!isTaskOver(detail.status)) store.adoptTask(detail);
      else store.adoptCalls(detail);
      return detail;
    },
    enabled: heard === null && begun,
  });
  const messageId = work?.messageId ?? kept.data?.message_id ?? task.message_id ?? "";
  const calls = useChatState(store, (state) => state.conversation?.calls[messageId] ?? NO_CALLS);
  const text = heard ?? kept.data?.content ?? "";
  if (text || calls.length > 0) {
    return partsOf(text, calls).map((part, index, parts) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts are only ever added at the end
      <Fragment key={index}>
        <ToolCalls store={store} runId={at.runId} calls={part.calls} />
        {part.text && (
          <Markdown text={part.text} streaming={running && index === parts.length - 1} level={4} />
        )}
      </Fragment>
    ));
  }
  if (heard === null && kept.isLoading) return <Skeleton className="h-16 w-full" />;
  return <p className="text-[0.93rem] text-ink-soft">{t(kept.isError ? "task.loadFailed" : "task.empty")}</p>;
}
