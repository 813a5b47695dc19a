import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request } from "@/api/http";
import { keys } from "@/api/keys";
import { NetworkError, toApiError } from "@/api/problem";
import type { Extent, Retention, RetentionTerms, TooOld } from "@/api/types";

/** Where a browser fetches the archive itself: it may be larger than what a page can hold. */
export const EXPORT = "/my/export/";

export const useExtent = () =>
  useQuery({ queryKey: keys.extent, queryFn: () => request<Extent>("GET", "/my/export/summary/") });

export const useRetention = () =>
  useQuery({ queryKey: keys.retention, queryFn: () => request<Retention>("GET", "/my/retention/") });

/** What would go under these terms. */
export const useGoing = (terms: RetentionTerms) =>
  useQuery({
    queryKey: [...keys.retention, "going", terms],
    queryFn: () => request<TooOld>("GET", "/my/retention/preview/", { query: { ...terms } }),
    placeholderData: keepPreviousData,
  });

export function useSaveRetention() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (terms: RetentionTerms) => request<Retention>("PUT", "/my/retention/", { body: terms }),
    onSuccess: (saved) => client.setQueryData(keys.retention, saved),
  });
}

export const useLeave = () =>
  useMutation({
    /** Not as other requests: that nobody is signed in afterwards is what is wanted. */
    mutationFn: async (body: { confirm: string; password?: string }) => {
      const answer = await fetch("/my/", {
        method: "DELETE",
        headers: { "Content-Type": "application/json" },
        credentials: "same-origin",
        body: JSON.stringify(body),
      }).catch(() => {
        throw new NetworkError();
      });
      if (!answer.ok) throw await toApiError(answer);
    },
  });
