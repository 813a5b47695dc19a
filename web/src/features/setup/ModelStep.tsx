import { ChevronRight } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Catalogue, ModelChoice, Provider } from "@/api/types";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { ProviderCard } from "./ProviderCard";

interface ModelStepProps {
  catalogue: Catalogue | undefined;
  error: unknown;
  model: ModelChoice | null;
  onPick: (model: ModelChoice) => void;
}

const READINESS: Provider["source"][] = ["local", "own", "server", "builtin"];

/** Where models may come from, the readiest first: what works already, what needs a key, servers of one's own. */
export function ModelStep({ catalogue, error, model, onPick }: ModelStepProps) {
  const { t } = useTranslation();
  if (!catalogue) {
    if (error) return <Notice tone="danger">{errorText(t, error)}</Notice>;
    return (
      <div className="flex flex-col gap-3">
        <Skeleton className="h-16" />
        <Skeleton className="h-16" />
        <Skeleton className="h-16" />
      </div>
    );
  }
  const ready = READINESS.flatMap((source) =>
    catalogue.providers.filter((provider) => provider.source === source),
  );
  const unconnected = catalogue.providers.filter((provider) => provider.source === "none");
  const list = (providers: Provider[]) => (
    <ul className="flex flex-col gap-2.5">
      {providers.map((provider) => (
        <ProviderCard
          key={provider.provider}
          provider={provider}
          models={catalogue.items.filter((item) => item.provider === provider.provider)}
          model={model}
          onPick={onPick}
        />
      ))}
    </ul>
  );
  return (
    <div className="flex flex-col gap-7">
      {list(ready)}
      <section>
        <h2 className="mb-2.5 font-medium">{t("setup.connectOwn")}</h2>
        {list(unconnected.filter((provider) => provider.needs_key))}
      </section>
      <details className="group">
        <summary className="flex w-fit list-none items-center gap-1.5 rounded-md font-medium">
          <ChevronRight aria-hidden className="size-4 transition-transform group-open:rotate-90" />
          {t("setup.ownServer")}
        </summary>
        <div className="mt-2.5">{list(unconnected.filter((provider) => !provider.needs_key))}</div>
      </details>
    </div>
  );
}
