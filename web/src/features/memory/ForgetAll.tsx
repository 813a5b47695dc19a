import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useForgetMany } from "@/api/memory";
import { useSpace } from "@/live/LiveProvider";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { errorText } from "@/ui/failures";
import { useToast } from "@/ui/toasts";

/** Forgets everything, after the user has written that this is what is wanted. */
export function ForgetAll({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const space = useSpace();
  const toast = useToast();
  const forget = useForgetMany();
  const [written, setWritten] = useState("");
  const word = t("memory.forgetAllWord");
  const sure = written.trim().toLowerCase() === word;
  return (
    <Dialog open onClose={onClose} title={t("memory.forgetAllTitle")} description={t("memory.forgetAllText")}>
      <form
        className="mt-4 flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (!sure) return;
          forget.mutate(null, {
            onSuccess: () => {
              space.forgot([]);
              toast({ title: t("memory.forgotAll") });
              onClose();
            },
          });
        }}
      >
        <TextField
          label={t("memory.forgetAllWrite", { word })}
          error={forget.isError ? errorText(t, forget.error) : null}
          autoFocus
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={written}
          onChange={setWritten}
        />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="danger" busy={forget.isPending} disabled={!sure}>
            {t("memory.forgetAll")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
