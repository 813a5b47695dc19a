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

const ORDER: Record<Provider["source"], number> = { local: 0, own: 1, server: 2, builtin: 4, none: 3 };

/** Providers, the readiest first: a local server, what the server or the user has a key for, the rest, the demo. */
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
  const providers = [...catalogue.providers].sort((left, right) => ORDER[left.source] - ORDER[right.source]);
  return (
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
}
