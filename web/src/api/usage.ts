import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request } from "@/api/http";
import { keys } from "@/api/keys";
import type { Budget, Usage } from "@/api/types";

/** Days of a period, as "2026-11-25" (UTC), both included. */
export interface Period {
  since: string;
  until: string;
}

/** What was used in a period, by day, agent and model at once: anything else is a sum of these rows. */
export const useUsage = (period: Period) =>
  useQuery({
    queryKey: [...keys.usage, period],
    queryFn: () =>
      request<Usage>("GET", "/my/usage/", { query: { ...period, by: ["day", "agent", "model"] } }),
    placeholderData: keepPreviousData,
  });

export const useBudget = () =>
  useQuery({ queryKey: keys.budget, queryFn: () => request<Budget>("GET", "/my/budget/") });

export function useSaveBudget() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (monthly_usd: number | null) =>
      request<Budget>("PUT", "/my/budget/", { body: { monthly_usd } }),
    onSuccess: (budget) => client.setQueryData(keys.budget, budget),
  });
}
