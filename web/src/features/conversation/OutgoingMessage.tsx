import { useTranslation } from "react-i18next";
import { NetworkError } from "@/api/problem";
import type { Outgoing } from "@/live/outbox";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { UserMessage } from "./UserMessage";

interface OutgoingMessageProps {
  outgoing: Outgoing;
  onResend: () => void;
  onEdit: () => void;
  onDiscard: () => void;
}

/** A message that the server has not taken yet. */
export function OutgoingMessage({ outgoing, onResend, onEdit, onDiscard }: OutgoingMessageProps) {
  const { t } = useTranslation();
  const offline = outgoing.error === null || outgoing.error instanceof NetworkError;
  return (
    <div className={outgoing.status === "sending" ? "opacity-70" : undefined}>
      <UserMessage content={outgoing.content} target={outgoing.target} files={outgoing.files} />
      {outgoing.status === "sending" && <p className="sr-only">{t("chat.sending")}</p>}
      {outgoing.status === "failed" && (
        <div className="mt-2 ml-auto max-w-[85%]">
          <Notice
            tone="danger"
            live
            title={t("chat.failedSend")}
            actions={
              <>
                <Button size="sm" onClick={onResend}>
                  {t("common.retry")}
                </Button>
                <Button size="sm" look="ghost" onClick={onEdit}>
                  {t("chat.editMessage")}
                </Button>
                <Button size="sm" look="ghost" onClick={onDiscard}>
                  {t("chat.discardMessage")}
                </Button>
              </>
            }
          >
            {offline ? t("chat.sendOffline") : errorText(t, outgoing.error)}
          </Notice>
        </div>
      )}
    </div>
  );
}
