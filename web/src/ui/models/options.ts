import type { Catalogue, ModelChoice, ModelInfo } from "@/api/types";

export interface ModelOption {
  provider: string;
  name: string;
  label: string;
  /** Null for a name that was typed and that nobody lists. */
  info: ModelInfo | null;
}

/** Offered at once; a search goes through all. */
const SHOWN = 80;

/** What matches a search: listed models of connected providers first, then the typed name for each of these providers. */
export function optionsFor(catalogue: Catalogue, query: string, value: ModelChoice | null): ModelOption[] {
  const connected = catalogue.providers.filter(
    (provider) => provider.source !== "none" || provider.provider === value?.provider,
  );
  const typedName = query.trim();
  const wanted = typedName.toLowerCase();
  const listed = catalogue.items
    .filter((model) => connected.some((provider) => provider.provider === model.provider))
    .filter((model) => `${model.provider} ${model.name} ${model.label}`.toLowerCase().includes(wanted))
    .map((model) => ({
      provider: model.provider,
      name: model.name,
      label: model.label || model.name,
      info: model,
    }));
  const isListed = (provider: string, name: string) =>
    listed.some((option) => option.provider === provider && option.name === name);
  const typed = connected
    .filter((provider) => wanted && provider.source !== "builtin" && !isListed(provider.provider, typedName))
    .map((provider) => ({ provider: provider.provider, name: typedName, label: typedName, info: null }));
  const current = listed.filter(
    (option) => !wanted && option.provider === value?.provider && option.name === value.name,
  );
  return [...current, ...listed.filter((option) => !current.includes(option)).slice(0, SHOWN), ...typed];
}
