import { type InfiniteData, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { request } from "@/api/http";
import { keys } from "@/api/keys";
import type { History, Page, Run, Sent, Session } from "@/api/types";

export type ChatPages = InfiniteData<Page<Session>, string | null>;

const PAGE = 40;

export function useChats() {
  return useInfiniteQuery({
    queryKey: keys.chats,
    queryFn: ({ pageParam }) =>
      request<Page<Session>>("GET", "/my/chat/sessions/", { query: { limit: PAGE, cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export const createChat = (idempotencyKey: string) =>
  request<Session>("POST", "/my/chat/sessions/", { body: {}, idempotencyKey });

export function useRenameChat() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, title }: { id: number; title: string }) =>
      request<Session>("PATCH", `/my/chat/${id}/`, { body: { title } }),
    onMutate: ({ id, title }) =>
      client.setQueryData<ChatPages>(keys.chats, (pages) => patchChat(pages, id, { title })),
    onSettled: () => client.invalidateQueries({ queryKey: keys.chats }),
  });
}

export function useSetChatMemory() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, memory }: { id: number; memory: boolean }) =>
      request<Session>("PATCH", `/my/chat/${id}/`, { body: { memory } }),
    onSuccess: ({ id, memory }) =>
      client.setQueryData<ChatPages>(keys.chats, (pages) => patchChat(pages, id, { memory })),
  });
}

/** Outlives the page, since a deletion may be due when it is left. */
export const deleteChat = (id: number) => request<void>("DELETE", `/my/chat/${id}/`, { keepalive: true });

export const fetchHistory = (id: number, cursor: string | null, limit: number) =>
  request<History>("GET", `/my/chat/${id}/`, { query: { cursor, limit } });

interface NewMessage {
  content: string;
  target: string | null;
  /** Ids of files. */
  attachments: string[];
}

export const sendMessage = (
  id: number,
  { content, target, attachments }: NewMessage,
  idempotencyKey: string,
) =>
  request<Sent>("POST", `/my/chat/${id}/message/`, {
    body: {
      content,
      ...(target && { target_agent: target }),
      ...(attachments.length > 0 && { attachments }),
    },
    idempotencyKey,
  });

export const cancelRun = (id: string) => request<Run>("POST", `/my/runs/${id}/cancel/`);
export const retryRun = (id: string) => request<Run>("POST", `/my/runs/${id}/retry/`);

/** The pages with one chat changed. */
export function patchChat(
  pages: ChatPages | undefined,
  id: number,
  change: Partial<Session>,
): ChatPages | undefined {
  if (!pages) return pages;
  return {
    ...pages,
    pages: pages.pages.map((page) => ({
      ...page,
      items: page.items.map((chat) => (chat.id === id ? { ...chat, ...change } : chat)),
    })),
  };
}

/** The pages without one chat. */
export function withoutChat(pages: ChatPages | undefined, id: number): ChatPages | undefined {
  if (!pages) return pages;
  return {
    ...pages,
    pages: pages.pages.map((page) => ({ ...page, items: page.items.filter((chat) => chat.id !== id) })),
  };
}

/** The pages with a chat put first, wherever it stood. */
export function chatFirst(pages: ChatPages | undefined, chat: Session): ChatPages | undefined {
  const rest = withoutChat(pages, chat.id);
  const first = rest?.pages[0];
  if (!rest || !first) return pages;
  return { ...rest, pages: [{ ...first, items: [chat, ...first.items] }, ...rest.pages.slice(1)] };
}
