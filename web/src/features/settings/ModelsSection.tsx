import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useModels } from "@/api/models";
import type { Provider } from "@/api/types";
import { cx } from "@/lib/cx";
import { Button } from "@/ui/Button";
import { errorText, failureAdvice, failureTitle } from "@/ui/failures";
import { ProviderForm } from "@/ui/models/ProviderForm";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";

/** Providers of models: where each one's access comes from, and the user's own keys. */
export function ModelsSection() {
  const { t } = useTranslation();
  const { data, isPending, error } = useModels();
  return (
    <>
      <p className="mb-4 text-ink-soft">{t("settings.modelsText")}</p>
      {isPending && (
        <div className="flex flex-col gap-2.5">
          <Skeleton className="h-14" />
          <Skeleton className="h-14" />
        </div>
      )}
      {error && <Notice tone="danger">{errorText(t, error)}</Notice>}
      <ul className="flex flex-col gap-2.5">
        {data?.providers.map((provider) => (
          <ProviderRow
            key={provider.provider}
            provider={provider}
            count={data.items.filter((model) => model.provider === provider.provider).length}
          />
        ))}
      </ul>
    </>
  );
}

function ProviderRow({ provider, count }: { provider: Provider; count: number }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const builtin = provider.source === "builtin";
  return (
    <li className="rounded-xl border border-line bg-raised">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
        <div className="min-w-0 flex-1">
          <p className="font-medium">{provider.label}</p>
          <p className="truncate text-[0.87rem] text-ink-soft">
            {[
              provider.source !== "none" && t(`models.source.${provider.source}`),
              provider.key_hint && t("models.keyHint", { hint: provider.key_hint }),
              provider.base_url,
              provider.source !== "none" && count > 0 && t("models.count", { count }),
            ]
              .filter(Boolean)
              .join(" · ") || t(provider.needs_key ? "models.source.none" : "models.needsAddress")}
          </p>
        </div>
        {!builtin && (
          <Button
            size="sm"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            className={cx(open && "bg-hover")}
          >
            {t(provider.source === "none" ? "models.connect" : "models.edit")}
          </Button>
        )}
      </div>
      {provider.error && (
        <div className="px-4 pb-3">
          <Notice tone="warn" title={failureTitle(t, provider.error)}>
            {failureAdvice(t, provider.error)}
          </Notice>
        </div>
      )}
      {open && (
        <div className="border-line border-t px-4 py-4">
          <ProviderForm provider={provider} />
        </div>
      )}
    </li>
  );
}
