import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "@/lib/cx";
import { IconButton } from "@/ui/IconButton";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  children?: ReactNode;
  /** Without it the dialog cannot be left but through its own buttons. */
  dismissible?: boolean;
  wide?: boolean;
}

export function Dialog({
  open,
  onClose,
  title,
  description,
  children,
  dismissible = true,
  wide,
}: DialogProps) {
  const { t } = useTranslation();
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && dismissible && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-scrim transition-opacity data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        <Base.Popup
          className={cx(
            "fixed inset-x-3 top-[12dvh] z-50 mx-auto max-h-[80dvh] overflow-y-auto rounded-2xl border border-line bg-raised p-5 shadow-float outline-none",
            "transition-[opacity,transform] data-[ending-style]:scale-98 data-[starting-style]:scale-98",
            "data-[ending-style]:opacity-0 data-[starting-style]:opacity-0",
            wide ? "max-w-2xl" : "max-w-md",
          )}
        >
          <div className="flex items-start justify-between gap-3">
            <Base.Title className="font-semibold text-[1.1rem]">{title}</Base.Title>
            {dismissible && (
              <IconButton icon={X} label={t("common.close")} size="sm" onClick={onClose} className="-m-1" />
            )}
          </div>
          {description && <Base.Description className="mt-1.5 text-ink-soft">{description}</Base.Description>}
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
