import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useRenameChat } from "@/api/chats";
import type { Session } from "@/api/types";
import { useSpace } from "@/live/LiveProvider";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { errorText } from "@/ui/failures";

export function RenameDialog({ chat, onClose }: { chat: Session; onClose: () => void }) {
  const { t } = useTranslation();
  const space = useSpace();
  const [title, setTitle] = useState(chat.title);
  const rename = useRenameChat();

  const save = async () => {
    await rename.mutateAsync({ id: chat.id, title: title.trim() });
    space.changed("chats");
    void space.chat(chat.id).refresh();
    onClose();
  };

  return (
    <Dialog open onClose={onClose} title={t("chats.renameTitle")}>
      <form
        className="mt-4 flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          save().catch(() => undefined);
        }}
      >
        <TextField
          label={t("chats.titleLabel")}
          error={rename.isError ? errorText(t, rename.error) : null}
          value={title}
          maxLength={200}
          onFocus={(event) => event.target.select()}
          onChange={setTitle}
        />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={rename.isPending} disabled={title.trim() === ""}>
            {t("common.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
