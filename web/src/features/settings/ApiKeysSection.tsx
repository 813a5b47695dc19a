import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useApiKeys, useCreateApiKey, useDeleteApiKey } from "@/api/account";
import type { ApiKey } from "@/api/types";
import { relativeTime } from "@/lib/format";
import { Button } from "@/ui/Button";
import { Confirm } from "@/ui/Confirm";
import { CopyButton } from "@/ui/CopyButton";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";

export function ApiKeysSection() {
  const { t } = useTranslation();
  const apiKeys = useApiKeys();
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const remove = useDeleteApiKey();
  return (
    <>
      <p className="mb-4 text-ink-soft">
        {t("settings.apiKeysText")}{" "}
        <code className="whitespace-nowrap font-mono text-[0.87rem]">Authorization: Bearer …</code>
      </p>
      <Button look="primary" onClick={() => setCreating(true)}>
        <Plus aria-hidden className="size-4" />
        {t("settings.createKey")}
      </Button>
      <div className="mt-5">
        {apiKeys.isPending && <Skeleton className="h-14" />}
        {apiKeys.error && <Notice tone="danger">{errorText(t, apiKeys.error)}</Notice>}
        {apiKeys.data?.items.length === 0 && <p className="text-ink-soft">{t("settings.noApiKeys")}</p>}
        {apiKeys.data && apiKeys.data.items.length > 0 && (
          <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
            {apiKeys.data.items.map((key) => (
              <KeyRow key={key.id} apiKey={key} onRevoke={() => setRevoking(key)} />
            ))}
          </ul>
        )}
      </div>
      {creating && <CreateKey onClose={() => setCreating(false)} />}
      {revoking && (
        <Confirm
          open
          onClose={() => setRevoking(null)}
          title={t("settings.keyRevokeTitle", { name: revoking.name })}
          text={t("settings.keyRevokeText")}
          action={t("settings.keyRevoke")}
          busy={remove.isPending}
          onConfirm={() => remove.mutate(revoking.id, { onSettled: () => setRevoking(null) })}
        />
      )}
    </>
  );
}

function KeyRow({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: () => void }) {
  const { t, i18n } = useTranslation();
  const when = (iso: string) => relativeTime(iso, i18n.language);
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="truncate">
          {apiKey.name} <code className="ml-1 font-mono text-[0.85rem] text-ink-faint">…{apiKey.hint}</code>
        </p>
        <p className="text-[0.87rem] text-ink-soft">
          {t("settings.created", { date: when(apiKey.created_at) })},{" "}
          {apiKey.last_used_at
            ? t("settings.lastUsed", { date: when(apiKey.last_used_at) })
            : t("settings.neverUsed")}
        </p>
      </div>
      <Button size="sm" onClick={onRevoke}>
        {t("settings.keyRevoke")}
      </Button>
    </li>
  );
}

function CreateKey({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const create = useCreateApiKey();
  const key = create.data?.key;
  if (key) {
    return (
      <Dialog
        open
        dismissible={false}
        onClose={onClose}
        title={t("settings.keyCreated")}
        description={t("settings.keyOnce")}
      >
        <div className="mt-4 flex items-center gap-2 rounded-lg border border-line bg-sunken py-1 pr-1 pl-3">
          <code className="min-w-0 flex-1 select-all break-all font-mono text-[0.87rem]">{key}</code>
          <CopyButton text={key} label={t("common.copy")} />
        </div>
        <div className="mt-5 flex justify-end">
          <Button look="primary" onClick={onClose}>
            {t("settings.keyDone")}
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog open onClose={onClose} title={t("settings.createKey")}>
      <form
        className="mt-4 flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate(name.trim());
        }}
      >
        <TextField
          label={t("settings.keyName")}
          error={create.isError ? errorText(t, create.error) : null}
          value={name}
          maxLength={80}
          placeholder={t("settings.keyNamePlaceholder")}
          onChange={setName}
        />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="primary" busy={create.isPending} disabled={!name.trim()}>
            {t("settings.createKey")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
