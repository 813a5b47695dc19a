import { useTranslation } from "react-i18next";
import { useSetChatMemory } from "@/api/chats";
import type { Session } from "@/api/types";
import { useSpace } from "@/live/LiveProvider";
import { useToast } from "@/ui/toasts";

/** Switches whether what is said in a chat is remembered. */
export function useChatMemory() {
  const { t } = useTranslation();
  const space = useSpace();
  const toast = useToast();
  const { mutate } = useSetChatMemory();
  return ({ id, title }: Session, memory: boolean) => {
    const named = { title: title || t("chats.untitled") };
    mutate(
      { id, memory },
      {
        onSuccess: () => {
          toast({ title: t(memory ? "chats.remembered" : "chats.notRemembered", named) });
          space.changed("chats");
          void space.chat(id).refresh();
        },
        onError: () => toast({ title: t("errors.unknown") }),
      },
    );
  };
}
