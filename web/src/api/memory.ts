import {
  type InfiniteData,
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { request } from "@/api/http";
import { keys } from "@/api/keys";
import { isPassing } from "@/api/problem";
import type { Memory, MemoryProfile, MemoryState, Page } from "@/api/types";
import { randomId } from "@/lib/random";

const PATH = "/my/memory/";
const path = (id: string) => `${PATH}${encodeURIComponent(id)}/`;
const PAGE = 30;
const STATE_MS = 2500;
const TROUBLE_MS = 15_000;

export const MEMORY_EXPORT = `${PATH}export/`;
/** Characters. */
export const MAX_MEMORY = 4000;
export const MAX_PROFILE = 3200;

/** What of the memory is asked for; what is null does not matter. */
export interface MemoryQuery {
  q: string | null;
  session_id: number | null;
  agent_id: string | null;
  kind: Memory["kind"] | null;
  /** A moment, as ISO 8601. */
  since: string | null;
  /** Also facts that no longer hold. */
  superseded: boolean;
}

type MemoryPages = InfiniteData<Page<Memory>, string | null>;

const lists = [...keys.memory, "list"] as const;
const stateKey = [...keys.memory, "state"] as const;
const profileKey = [...keys.memory, "profile"] as const;

/** The newest first; with a question, at most 50, the best first. */
export const useMemories = (query: MemoryQuery) =>
  useInfiniteQuery({
    queryKey: [...lists, query],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Memory>>("GET", PATH, {
        query: {
          ...query,
          superseded: query.superseded ? "true" : null,
          limit: query.q ? null : PAGE,
          cursor: pageParam,
        },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
    // Who searches is told at once that it does not go just now.
    retry: (failures, error) => failures < (query.q ? 1 : 3) && isPassing(error),
  });

/** When to ask again, in milliseconds: what is wrong may last, what is under way is soon done. */
function nextLook({ status, waiting, forgetting }: MemoryState): number | false {
  if (status === "off") return false;
  if (status === "degraded") return TROUBLE_MS;
  return status !== "ready" || waiting > 0 || forgetting > 0 ? STATE_MS : false;
}

/** What is in the lists may be searched for by now, or there is more to list. */
export function useFollowIndex({ total, waiting }: Pick<MemoryState, "total" | "waiting">): void {
  const client = useQueryClient();
  const stood = `${total}/${waiting}`;
  const before = useRef(stood);
  useEffect(() => {
    if (before.current !== stood) void client.invalidateQueries({ queryKey: lists });
    before.current = stood;
  }, [client, stood]);
}

/** Asked again and again as long as something is under way. */
export const useMemoryState = () =>
  useQuery({
    queryKey: stateKey,
    queryFn: () => request<MemoryState>("GET", `${PATH}state/`),
    refetchInterval: ({ state }) => (state.data ? nextLook(state.data) : false),
  });

export const useProfile = () =>
  useQuery({ queryKey: profileKey, queryFn: () => request<MemoryProfile>("GET", `${PATH}profile/`) });

export function useSaveProfile() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Pick<MemoryProfile, "text" | "learn">) =>
      request<MemoryProfile>("PUT", `${PATH}profile/`, { body }),
    onSuccess: (saved) => client.setQueryData(profileKey, saved),
  });
}

/** Writes down a note. */
export function useAddNote() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (text: string) =>
      request<Memory>("POST", PATH, { body: { text }, idempotencyKey: randomId() }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.memory }),
  });
}

export function useEditMemory() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, text }: { id: string; text: string }) =>
      request<Memory>("PATCH", path(id), { body: { text } }),
    onSuccess: (saved) => {
      // How near it is to what is searched for is not in this answer.
      client.setQueriesData<MemoryPages>({ queryKey: lists }, (pages) =>
        withMemories(pages, (items) =>
          items.map((each) => (each.id === saved.id ? { ...saved, score: each.score, why: each.why } : each)),
        ),
      );
      return client.invalidateQueries({ queryKey: stateKey });
    },
  });
}

export function useForgetMemory() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => request<void>("DELETE", path(id)),
    onSuccess: (_answer, id) => {
      client.setQueriesData<MemoryPages>({ queryKey: lists }, (pages) =>
        withMemories(pages, (items) => items.filter((each) => each.id !== id)),
      );
      return client.invalidateQueries({ queryKey: stateKey });
    },
  });
}

/** Forgets all of one chat, or, without one, everything. */
export function useForgetMany() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (session_id: number | null) => request<void>("DELETE", PATH, { query: { session_id } }),
    onSuccess: () => {
      // What a list held before is not to be seen again, not even until it is read anew.
      client.removeQueries({ queryKey: lists, type: "inactive" });
      return client.invalidateQueries({ queryKey: keys.memory });
    },
  });
}

/** The pages of a list with the memories on each as `change` has them. */
export function withMemories(
  pages: MemoryPages | undefined,
  change: (items: Memory[]) => Memory[],
): MemoryPages | undefined {
  return pages && { ...pages, pages: pages.pages.map((page) => ({ ...page, items: change(page.items) })) };
}
