import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { fetchTask } from "@/api/plans";
import type { PlanTask } from "@/api/types";
import { useChatState } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { workKey } from "@/live/works";
import { Markdown } from "@/ui/markdown/Markdown";
import { Skeleton } from "@/ui/Skeleton";
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
      if (detail.status === "running") store.adoptTask(detail);
      return detail;
    },
    enabled: heard === null && begun,
  });
  const text = heard ?? kept.data?.content ?? "";
  if (text) return <Markdown text={text} streaming={running} level={4} />;
  if (heard === null && kept.isLoading) return <Skeleton className="h-16 w-full" />;
  return <p className="text-[0.93rem] text-ink-soft">{t(kept.isError ? "task.loadFailed" : "task.empty")}</p>;
}
