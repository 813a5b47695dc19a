import { useTranslation } from "react-i18next";
import { useAddNote } from "@/api/memory";
import { Dialog } from "@/ui/Dialog";
import { useToast } from "@/ui/toasts";
import { TextForm } from "./TextForm";

/** Writes down something that the agents are to remember. */
export function AddNote({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const toast = useToast();
  const add = useAddNote();
  return (
    <Dialog open onClose={onClose} title={t("memory.addTitle")} description={t("memory.addText")}>
      <div className="mt-4">
        <TextForm
          label={t("memory.text")}
          initial=""
          busy={add.isPending}
          error={add.error}
          onCancel={onClose}
          onSave={(text) =>
            add.mutate(text, {
              onSuccess: () => {
                toast({ title: t("memory.added") });
                onClose();
              },
            })
          }
        />
      </div>
    </Dialog>
  );
}
