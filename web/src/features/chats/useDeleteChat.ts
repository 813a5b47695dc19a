import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { type ChatPages, deleteChat, withoutChat } from "@/api/chats";
import { keys } from "@/api/keys";
import { ApiError } from "@/api/problem";
import type { Session } from "@/api/types";
import { useSpace } from "@/live/LiveProvider";
import { useToast } from "@/ui/toasts";

const HIDDEN = ["hidden-chats"] as const;
const NONE: number[] = [];

/** Ids of chats that are about to be deleted and may still come back. */
export function useHiddenChats(): number[] {
  const { data } = useQuery<number[]>({
    queryKey: HIDDEN,
    queryFn: () => NONE,
    enabled: false,
    gcTime: Infinity,
  });
  return data ?? NONE;
}

/** Takes a chat away at once, and deletes it when the time for a change of mind is over. */
export function useDeleteChat() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const space = useSpace();
  const toast = useToast();

  const hide = (id: number) => client.setQueryData<number[]>(HIDDEN, (ids = NONE) => [...ids, id]);
  const show = (id: number) =>
    client.setQueryData<number[]>(HIDDEN, (ids = NONE) => ids.filter((hidden) => hidden !== id));

  return (chat: Session) => {
    hide(chat.id);
    let settled = false;

    const remove = async () => {
      if (settled) return;
      settled = true;
      removeEventListener("pagehide", remove);
      try {
        await deleteChat(chat.id);
      } catch (error) {
        if (!(error instanceof ApiError && error.status === 404)) {
          show(chat.id);
          toast({ title: t("chats.deleteFailed") });
          return;
        }
      }
      space.forget(chat.id);
      client.setQueryData<ChatPages>(keys.chats, (pages) => withoutChat(pages, chat.id));
      show(chat.id);
      space.changed("chats");
      // What was remembered of it has gone with it.
      space.changed("memory");
    };

    const keep = () => {
      settled = true;
      removeEventListener("pagehide", remove);
      show(chat.id);
    };
    toast({
      title: t("chats.deleted", { title: chat.title || t("chats.untitled") }),
      action: { label: t("common.undo"), run: keep },
      onGone: () => void remove(),
    });
    addEventListener("pagehide", remove);
  };
}
