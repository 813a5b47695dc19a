import { useTranslation } from "react-i18next";
import { useForgetMany } from "@/api/memory";
import { useSpace } from "@/live/LiveProvider";
import { Confirm } from "@/ui/Confirm";
import { errorText } from "@/ui/failures";
import { useToast } from "@/ui/toasts";

interface ForgetChatProps {
  sessionId: number;
  title: string | null;
  onClose: () => void;
}

/** Asks, then forgets all that was remembered of a chat. The chat stays. */
export function ForgetChat({ sessionId, title, onClose }: ForgetChatProps) {
  const { t } = useTranslation();
  const space = useSpace();
  const toast = useToast();
  const forget = useForgetMany();
  const named = { title: title || t("chats.untitled") };
  return (
    <Confirm
      open
      onClose={onClose}
      title={t("memory.forgetChatTitle", named)}
      text={t("memory.forgetChatText")}
      action={t("memory.forget")}
      busy={forget.isPending}
      onConfirm={() =>
        forget.mutate(sessionId, {
          onSuccess: () => {
            space.forgot([]);
            toast({ title: t("memory.forgotChat", named) });
            onClose();
          },
          onError: (error) => toast({ title: errorText(t, error) }),
        })
      }
    />
  );
}
