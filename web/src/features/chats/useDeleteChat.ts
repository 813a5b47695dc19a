import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { type ChatPages, deleteChat, withoutChat } from "@/api/chats";
import { keys } from "@/api/keys";
import { ApiError } from "@/api/problem";
import type { Session } from "@/api/types";
import { useSpace } from "@/live/LiveProvider";
import { useToasts } from "@/ui/toasts";

const UNDO_MS = 6000;
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
  const toasts = useToasts();

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
          toasts.add({ title: t("chats.deleteFailed"), priority: "high" });
          return;
        }
      }
      space.forget(chat.id);
      client.setQueryData<ChatPages>(keys.chats, (pages) => withoutChat(pages, chat.id));
      show(chat.id);
      space.changed("chats");
    };

    const id = toasts.add({
      title: t("chats.deleted", { title: chat.title || t("chats.untitled") }),
      timeout: UNDO_MS,
      actionProps: {
        children: t("common.undo"),
        onClick: () => {
          settled = true;
          removeEventListener("pagehide", remove);
          show(chat.id);
          toasts.close(id);
        },
      },
      onClose: remove,
    });
    addEventListener("pagehide", remove);
  };
}
