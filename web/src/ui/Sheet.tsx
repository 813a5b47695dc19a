import { Dialog } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";

interface SheetProps {
  open: boolean;
  onClose: () => void;
  side: "left" | "right";
  label: string;
  /** For what is read rather than chosen from. */
  wide?: boolean;
  children: ReactNode;
}

/** A panel that slides in from a side where the screen has no room for it. */
export function Sheet({ open, onClose, side, label, wide, children }: SheetProps) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-scrim transition-opacity data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        <Dialog.Popup
          aria-label={label}
          className={cx(
            "fixed inset-y-0 z-50 flex flex-col bg-side shadow-float transition-transform",
            wide ? "w-[min(30rem,96vw)]" : "w-[min(19.5rem,88vw)]",
            side === "left"
              ? "left-0 data-[ending-style]:-translate-x-full data-[starting-style]:-translate-x-full"
              : "right-0 data-[ending-style]:translate-x-full data-[starting-style]:translate-x-full",
          )}
        >
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
