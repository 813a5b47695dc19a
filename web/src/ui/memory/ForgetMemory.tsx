import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useForgetMemory } from "@/api/memory";
import { ApiError } from "@/api/problem";
import { useSpace } from "@/live/LiveProvider";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { errorText } from "@/ui/failures";
import { useToast } from "@/ui/toasts";

/** By then a closed dialog has given the focus back, if there is anything to give it to. */
const FOCUS_MS = 100;

interface ForgetMemoryProps {
  id: string;
  /** What it says. */
  text: string;
  /** The chat that it is from. */
  sessionId: number | null;
  /** Takes the focus afterwards: what had it may be gone with the memory. */
  focus: RefObject<HTMLElement | null>;
  onClose: () => void;
}

/** Asks, then forgets one memory. What was said in the chat stays there, and the question says so. */
export function ForgetMemory({ id, text, sessionId, focus, onClose }: ForgetMemoryProps) {
  const { t } = useTranslation();
  const space = useSpace();
  const toast = useToast();
  const forget = useForgetMemory();
  const confirm = async () => {
    try {
      await forget.mutateAsync(id);
      toast({ title: t("memory.forgotten") });
    } catch (error) {
      // Somebody was faster: that is what was wanted.
      if (!(error instanceof ApiError && error.status === 404)) {
        toast({ title: errorText(t, error) });
        return;
      }
    }
    space.forgot([id]);
    onClose();
    setTimeout(() => document.activeElement === document.body && focus.current?.focus(), FOCUS_MS);
  };
  return (
    <Dialog open onClose={onClose} title={t("memory.forgetTitle")} description={t("memory.forgetText")}>
      <blockquote className="mt-3 line-clamp-4 whitespace-pre-wrap break-words rounded-lg bg-sunken px-3 py-2 text-[0.93rem]">
        {text}
      </blockquote>
      {sessionId !== null && (
        <p className="mt-3 text-[0.93rem] text-ink-soft">
          {t("memory.forgetStays")}{" "}
          <Link
            href={`/chat/${sessionId}`}
            onClick={onClose}
            className="rounded font-medium text-accent-text hover:underline"
          >
            {t("memory.openChat")}
          </Link>
        </p>
      )}
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button look="danger" busy={forget.isPending} onClick={() => void confirm()}>
          {t("memory.forget")}
        </Button>
      </div>
    </Dialog>
  );
}
