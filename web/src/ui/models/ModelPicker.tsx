import { Combobox } from "@base-ui/react/combobox";
import { Check, ChevronDown } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useModels } from "@/api/models";
import type { Catalogue, ModelChoice } from "@/api/types";
import { type ModelOption, optionsFor } from "@/ui/models/options";
import { priceText } from "@/ui/models/price";

interface ModelPickerProps {
  id?: string;
  value: ModelChoice | null;
  onChange: (provider: string, name: string) => void;
  invalid?: boolean;
  describedBy?: string;
  /** Shown while nothing is chosen. */
  placeholder?: string;
}

/** A model of any connected provider, found by name; a name that nobody lists can be typed. */
export function ModelPicker({ id, value, onChange, invalid, describedBy, placeholder }: ModelPickerProps) {
  const { t } = useTranslation();
  const { data: catalogue } = useModels();
  const [query, setQuery] = useState("");
  const options = useMemo(
    () => (catalogue ? optionsFor(catalogue, query, value) : []),
    [catalogue, query, value],
  );
  const chosen =
    value && options.find((option) => option.provider === value.provider && option.name === value.name);
  const selected = value
    ? (chosen ?? { provider: value.provider, name: value.name, label: value.name, info: null })
    : null;

  return (
    <Combobox.Root
      items={options}
      filter={null}
      value={selected}
      onValueChange={(option: ModelOption | null) => option && onChange(option.provider, option.name)}
      inputValue={query}
      onInputValueChange={setQuery}
      itemToStringLabel={(option: ModelOption) => option.label}
      isItemEqualToValue={(left: ModelOption, right: ModelOption) =>
        left.provider === right.provider && left.name === right.name
      }
    >
      <Combobox.Trigger
        id={id}
        aria-invalid={invalid || undefined}
        aria-describedby={describedBy}
        className="flex min-h-10 w-full items-center gap-2 rounded-lg border border-line-strong/45 bg-raised px-3 py-1.5 text-left hover:border-line-strong aria-invalid:border-danger"
      >
        <span className="min-w-0 flex-1">
          {selected ? (
            <>
              <span className="block truncate">{selected.label}</span>
              <span className="block truncate text-[0.8rem] text-ink-soft">
                {providerLabel(catalogue, selected.provider)}
                {selected.info && ` · ${priceText(t, selected.info)}`}
              </span>
            </>
          ) : (
            <span className="text-ink-faint">{placeholder ?? t("models.choose")}</span>
          )}
        </span>
        <ChevronDown aria-hidden className="size-4 shrink-0 text-ink-soft" />
      </Combobox.Trigger>
      <Combobox.Portal>
        <Combobox.Positioner align="start" sideOffset={6} className="z-50 outline-none">
          <Combobox.Popup
            aria-label={t("models.choose")}
            className="flex max-h-[min(24rem,var(--available-height))] w-[max(var(--anchor-width),min(26rem,88vw))] flex-col rounded-xl border border-line bg-raised shadow-float"
          >
            <Combobox.Input
              placeholder={t("models.search")}
              aria-label={t("models.search")}
              className="h-11 w-full shrink-0 border-line border-b bg-transparent px-3.5 outline-none"
            />
            <Combobox.Empty className="px-3.5 py-3 text-ink-soft empty:hidden">
              {t("models.none")}
            </Combobox.Empty>
            <Combobox.List className="scroll-thin min-h-0 overflow-y-auto p-1 empty:hidden">
              {(option: ModelOption) => (
                <Combobox.Item
                  key={`${option.provider}/${option.name}`}
                  value={option}
                  className="flex cursor-default items-center gap-2 rounded-lg px-2.5 py-1.5 outline-none data-[highlighted]:bg-hover"
                >
                  <span className="min-w-0 flex-1">
                    <span className="block truncate">
                      {option.info ? option.label : t("models.useTyped", { name: option.name })}
                    </span>
                    <span className="block truncate text-[0.8rem] text-ink-soft">
                      {providerLabel(catalogue, option.provider)}
                      {option.info && ` · ${priceText(t, option.info)}`}
                    </span>
                  </span>
                  <Combobox.ItemIndicator
                    render={<Check aria-hidden className="size-4 text-accent-text" />}
                  />
                </Combobox.Item>
              )}
            </Combobox.List>
            <p className="shrink-0 border-line border-t px-3.5 py-2 text-[0.8rem] text-ink-faint">
              {t("models.typedHint")}
            </p>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  );
}

function providerLabel(catalogue: Catalogue | undefined, provider: string): string {
  return catalogue?.providers.find((candidate) => candidate.provider === provider)?.label ?? provider;
}
