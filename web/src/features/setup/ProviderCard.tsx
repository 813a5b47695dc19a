import { useQueryClient } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { testProvider } from "@/api/models";
import type { Catalogue, ModelChoice, ModelInfo, Provider, ProviderTest } from "@/api/types";
import { cx } from "@/lib/cx";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { ModelPicker } from "@/ui/models/ModelPicker";
import { ProviderForm, TestResult } from "@/ui/models/ProviderForm";

interface ProviderCardProps {
  provider: Provider;
  models: ModelInfo[];
  model: ModelChoice | null;
  onPick: (model: ModelChoice) => void;
}

/** A provider to take models from; chosen, it opens for its key, its test and its models. */
export function ProviderCard({ provider, models, model, onPick }: ProviderCardProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const connectable = provider.source !== "builtin" && provider.source !== "local";
  const chosen = model?.provider === provider.provider;
  const expanded = open || chosen;
  const ready = provider.source !== "none";
  const demo = provider.source === "builtin";

  const client = useQueryClient();
  /** A provider that was connected just now offers its first model. */
  const onTested = (ok: boolean) => {
    const fresh = client.getQueryData<Catalogue>(keys.models)?.items;
    const first = fresh?.find((item) => item.provider === provider.provider);
    if (ok && !chosen && first) onPick({ provider: provider.provider, name: first.name });
  };

  const toggle = () => {
    const first = models[0];
    if (ready && !chosen && first) onPick({ provider: provider.provider, name: first.name });
    else setOpen(!open);
  };

  return (
    <li
      className={cx(
        "rounded-xl border bg-raised transition-colors",
        chosen ? "border-accent" : "border-line",
      )}
    >
      <button
        type="button"
        aria-expanded={expanded}
        onClick={toggle}
        className="flex w-full items-center gap-3 rounded-xl px-4 py-3 text-left"
      >
        <span
          aria-hidden
          className={cx(
            "inline-flex size-5 shrink-0 items-center justify-center rounded-full border",
            chosen ? "border-accent bg-accent text-accent-ink" : "border-line-strong",
          )}
        >
          {chosen && <Check className="size-3.5" strokeWidth={3} />}
        </span>
        <span className="min-w-0 flex-1">
          <span className="block font-medium">{demo ? t("setup.demoTitle") : provider.label}</span>
          {demo && <span className="block text-[0.87rem] text-ink-soft">{t("setup.demoText")}</span>}
          {provider.base_url && (
            <span className="block truncate text-[0.87rem] text-ink-soft">{provider.base_url}</span>
          )}
        </span>
        <SourceBadge provider={provider} />
      </button>
      {expanded && (
        <div className="flex flex-col gap-5 border-line border-t px-4 py-4">
          {connectable && <ProviderForm provider={provider} onTested={onTested} />}
          {ready && !demo && (
            <ReadyModel
              provider={provider}
              chosen={chosen}
              model={model}
              onPick={onPick}
              tested={connectable}
            />
          )}
          {demo && <ReadyTest provider={provider} model={chosen ? model : null} />}
        </div>
      )}
    </li>
  );
}

function ReadyModel({
  provider,
  chosen,
  model,
  onPick,
  tested,
}: {
  provider: Provider;
  chosen: boolean;
  model: ModelChoice | null;
  onPick: (model: ModelChoice) => void;
  tested: boolean;
}) {
  const { t } = useTranslation();
  return (
    <div className="flex flex-col gap-3">
      <Field label={t("models.model")}>
        {(control) => (
          <ModelPicker
            id={control.id}
            value={chosen ? model : null}
            onChange={(name, id) => onPick({ provider: name, name: id })}
          />
        )}
      </Field>
      {!tested && <ReadyTest provider={provider} model={chosen ? model : null} />}
    </div>
  );
}

/** Tries a provider that needs nothing to be filled in. */
function ReadyTest({ provider, model }: { provider: Provider; model: ModelChoice | null }) {
  const { t } = useTranslation();
  const [result, setResult] = useState<ProviderTest | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      setResult(await testProvider(provider.provider, model?.name));
    } catch {
      setResult({ ok: false, detail: t("errors.network"), code: null, models: 0, latency_ms: 0 });
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="flex flex-col items-start gap-3">
      <Button size="sm" busy={busy} onClick={() => void run()}>
        {t("models.test")}
      </Button>
      {result && (
        <div className="w-full">
          <TestResult result={result} />
        </div>
      )}
    </div>
  );
}

function SourceBadge({ provider }: { provider: Provider }) {
  const { t } = useTranslation();
  const label =
    provider.source === "local"
      ? t("setup.recommended")
      : provider.source === "builtin"
        ? t("setup.demoBadge")
        : provider.source === "none" && !provider.needs_key
          ? t("models.needsAddress")
          : t(`models.source.${provider.source}`);
  return (
    <span
      className={cx(
        "shrink-0 rounded-full px-2.5 py-0.5 text-[0.8rem]",
        provider.source === "none" ? "bg-sunken text-ink-soft" : "bg-accent-soft text-accent-text",
      )}
    >
      {label}
    </span>
  );
}
