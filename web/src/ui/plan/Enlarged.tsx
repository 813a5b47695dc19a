import { Dialog } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import PlanGraph from "./PlanGraph";
import type { PlanViewProps } from "./types";

/** The graph over the whole page, where a large plan can be moved about and zoomed. */
export function Enlarged({ onClose, ...props }: PlanViewProps & { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-scrim" />
        <Dialog.Popup className="fixed inset-3 z-50 flex flex-col overflow-hidden rounded-2xl border border-line bg-raised shadow-float">
          <div className="flex items-center justify-between border-line border-b py-1.5 pr-1.5 pl-4">
            <Dialog.Title className="font-semibold">{t("plan.graph")}</Dialog.Title>
            <IconButton icon={X} label={t("common.close")} onClick={onClose} />
          </div>
          <div className="min-h-0 flex-1">
            <PlanGraph {...props} tall />
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
