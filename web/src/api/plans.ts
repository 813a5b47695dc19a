import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request } from "@/api/http";
import { keys } from "@/api/keys";
import type { Approval, DraftTask, DryRun, Orchestrator, OrchestratorIn, Run, TaskDetail } from "@/api/types";

const taskPath = (runId: string, taskId: string) =>
  `/my/runs/${encodeURIComponent(runId)}/tasks/${encodeURIComponent(taskId)}/`;

export const fetchTask = (runId: string, taskId: string) =>
  request<TaskDetail>("GET", taskPath(runId, taskId));

export const cancelTask = (runId: string, taskId: string) =>
  request<Run>("POST", `${taskPath(runId, taskId)}cancel/`);

export const retryTask = (runId: string, taskId: string) =>
  request<Run>("POST", `${taskPath(runId, taskId)}retry/`);

/** `edited`: the tasks as they should be; null for the plan as it was proposed. */
export const confirmApproval = (id: string, edited: DraftTask[] | null) =>
  request<Approval>("POST", `/my/tools/${encodeURIComponent(id)}/confirm/`, {
    body: { edited: edited && { tasks: edited } },
  });

export const useOrchestrator = () =>
  useQuery({
    queryKey: keys.orchestrator,
    queryFn: () => request<Orchestrator>("GET", "/my/orchestrators/"),
  });

export function useSaveOrchestrator() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: OrchestratorIn) => request<Orchestrator>("PUT", "/my/orchestrators/", { body }),
    onSuccess: (saved) => client.setQueryData(keys.orchestrator, saved),
  });
}

/** Asks for a plan and runs nothing. */
export const useDryRun = () =>
  useMutation({
    mutationFn: (content: string) =>
      request<DryRun>("POST", "/my/orchestrators/test/", { body: { content } }),
  });
