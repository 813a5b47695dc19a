import { ChevronRight } from "lucide-react";
import { useState } from "react";
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

export function ModelStep({ catalogue, error, model, onPick }: ModelStepProps) {
  const { t } = useTranslation();
  if (catalogue) return <Groups catalogue={catalogue} model={model} onPick={onPick} />;
  if (error) return <Notice tone="danger">{errorText(t, error)}</Notice>;
  return (
    <div className="flex flex-col gap-3">
      <Skeleton className="h-16" />
      <Skeleton className="h-16" />
      <Skeleton className="h-16" />
    </div>
  );
}

interface GroupsProps {
  catalogue: Catalogue;
  model: ModelChoice | null;
  onPick: (model: ModelChoice) => void;
}

/** Where models may come from, the readiest first: what works already, what needs a key, servers of one's own. */
function Groups({ catalogue, model, onPick }: GroupsProps) {
  const { t } = useTranslation();
  // A provider stays in its place when its key is entered: its form and the outcome of its test are there.
  const [groups] = useState(() => groupsOf(catalogue.providers));
  const list = (ids: string[]) => (
    <ul className="flex flex-col gap-2.5">
      {ids.flatMap((id) => {
        const provider = catalogue.providers.find((candidate) => candidate.provider === id);
        if (!provider) return [];
        const models = catalogue.items.filter((item) => item.provider === id);
        return [<ProviderCard key={id} provider={provider} models={models} model={model} onPick={onPick} />];
      })}
    </ul>
  );
  return (
    <div className="flex flex-col gap-7">
      {list(groups.ready)}
      <section>
        <h2 className="mb-2.5 font-medium">{t("setup.connectOwn")}</h2>
        {list(groups.keyed)}
      </section>
      <details className="group">
        <summary className="flex w-fit list-none items-center gap-1.5 rounded-md font-medium">
          <ChevronRight aria-hidden className="size-4 transition-transform group-open:rotate-90" />
          {t("setup.ownServer")}
        </summary>
        <div className="mt-2.5">{list(groups.servers)}</div>
      </details>
    </div>
  );
}

const READINESS: Provider["source"][] = ["local", "own", "server", "builtin"];

function groupsOf(providers: Provider[]) {
  const ids = (of: (provider: Provider) => boolean) =>
    providers.filter(of).map((provider) => provider.provider);
  return {
    ready: READINESS.flatMap((source) => ids((provider) => provider.source === source)),
    keyed: ids((provider) => provider.source === "none" && provider.needs_key),
    servers: ids((provider) => provider.source === "none" && !provider.needs_key),
  };
}
