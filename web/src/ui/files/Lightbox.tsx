import { Dialog } from "@base-ui/react/dialog";
import { ChevronLeft, ChevronRight, Download, X } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { fileAddress } from "@/api/files";
import type { UserFile } from "@/api/types";
import { IconButton } from "@/ui/IconButton";

interface LightboxProps {
  pictures: readonly UserFile[];
  /** The one that is opened. */
  first: number;
  onClose: () => void;
}

/** Pictures as large as the window, one at a time. */
export function Lightbox({ pictures, first, onClose }: LightboxProps) {
  const { t } = useTranslation();
  const [at, setAt] = useState(first);
  const picture = pictures[at];
  if (!picture) return null;
  const several = pictures.length > 1;
  const step = (by: number) => setAt((at + by + pictures.length) % pictures.length);
  const onKeyDown = ({ key }: KeyboardEvent) => {
    if (several && key === "ArrowLeft") step(-1);
    if (several && key === "ArrowRight") step(1);
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-canvas/95" />
        <Dialog.Popup
          onKeyDown={onKeyDown}
          className="fixed inset-0 z-50 flex flex-col gap-2 p-3 outline-none md:p-4"
        >
          <header className="flex items-center gap-1">
            <Dialog.Title className="mr-auto min-w-0 truncate px-1 font-medium">{picture.name}</Dialog.Title>
            {several && (
              <span className="shrink-0 px-2 text-[0.93rem] text-ink-soft tabular-nums" aria-live="polite">
                {t("files.place", { number: at + 1, count: pictures.length })}
              </span>
            )}
            <a
              href={fileAddress(picture.id, true)}
              aria-label={t("files.keep", { name: picture.name })}
              className="inline-flex size-9 shrink-0 items-center justify-center rounded-lg text-ink-soft hover:bg-hover hover:text-ink"
            >
              <Download aria-hidden className="size-[1.15rem]" />
            </a>
            <IconButton icon={X} label={t("common.close")} hotkey="Esc" onClick={onClose} />
          </header>
          <div className="flex min-h-0 flex-1 items-center gap-1">
            {several && (
              <IconButton
                icon={ChevronLeft}
                label={t("files.previous")}
                hotkey="←"
                onClick={() => step(-1)}
              />
            )}
            <img
              key={picture.id}
              src={fileAddress(picture.id)}
              alt={picture.name}
              className="mx-auto max-h-full min-w-0 max-w-full object-contain"
            />
            {several && (
              <IconButton icon={ChevronRight} label={t("files.next")} hotkey="→" onClick={() => step(1)} />
            )}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
