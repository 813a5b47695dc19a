import { useState } from "react";
import { useTranslation } from "react-i18next";
import { testProvider, useForgetProvider, useSaveProvider } from "@/api/models";
import { ApiError } from "@/api/problem";
import type { Provider, ProviderTest } from "@/api/types";
import { Button } from "@/ui/Button";
import { TextField } from "@/ui/Field";
import { errorText, failureAdvice } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { PasswordField } from "@/ui/PasswordField";

/** Key and address of one provider, kept by the server and tried at once. */
export function ProviderForm({
  provider,
  onTested,
}: {
  provider: Provider;
  onTested?: (ok: boolean) => void;
}) {
  const { t } = useTranslation();
  const [key, setKey] = useState("");
  const [address, setAddress] = useState(provider.base_url ?? "");
  const [result, setResult] = useState<ProviderTest | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const save = useSaveProvider(provider.provider);
  const forget = useForgetProvider(provider.provider);
  const own = provider.source === "own";
  const changed = key.trim() !== "" || address.trim() !== (provider.base_url ?? "");
  const withAddress = !provider.needs_key || provider.base_url !== null;

  const run = async () => {
    setBusy(true);
    setResult(null);
    setFailure(null);
    try {
      if (changed) {
        await save.mutateAsync({
          ...(key.trim() && { api_key: key.trim() }),
          ...(withAddress && address.trim() && { base_url: address.trim() }),
        });
        setKey("");
      }
      const tested = await testProvider(provider.provider);
      setResult(tested);
      onTested?.(tested.ok);
    } catch (error) {
      setFailure(error);
      onTested?.(false);
    } finally {
      setBusy(false);
    }
  };
  const fields = failure instanceof ApiError ? failure.fields : {};

  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      {withAddress && (
        <TextField
          label={t("models.address")}
          hint={t("models.addressHint")}
          error={fields.base_url}
          value={address}
          inputMode="url"
          spellCheck={false}
          autoComplete="off"
          onChange={setAddress}
        />
      )}
      <PasswordField
        label={provider.needs_key ? t("models.key") : `${t("models.key")} (${t("common.optional")})`}
        hint={provider.key_hint ? t("models.keyHint", { hint: provider.key_hint }) : t("models.keyKept")}
        error={fields.api_key}
        value={key}
        autoComplete="off"
        placeholder={t("models.keyPlaceholder")}
        onChange={setKey}
      />
      <div className="flex flex-wrap gap-2">
        <Button
          type="submit"
          look="primary"
          busy={busy}
          disabled={provider.needs_key && !changed && provider.source === "none"}
        >
          {busy ? t("models.testing") : changed ? t("models.saveAndTest") : t("models.test")}
        </Button>
        {own && (
          <Button
            look="ghost"
            busy={forget.isPending}
            onClick={() => forget.mutate(undefined, { onSuccess: () => setResult(null) })}
          >
            {t("models.forget")}
          </Button>
        )}
      </div>
      {result && <TestResult result={result} />}
      {failure !== null && (
        <Notice tone="danger" live title={t("models.testFailed")}>
          {errorText(t, failure)}
        </Notice>
      )}
    </form>
  );
}

export function TestResult({ result }: { result: ProviderTest }) {
  const { t } = useTranslation();
  if (!result.ok) {
    return (
      <Notice tone="danger" live title={t("models.testFailed")}>
        <p>{result.detail}</p>
        {result.code && <p>{failureAdvice(t, result.code)}</p>}
      </Notice>
    );
  }
  const latency = Math.round(result.latency_ms);
  return (
    <Notice
      tone="ok"
      live
      title={
        result.models > 0
          ? t("models.testOkModels", { count: result.models, latency })
          : t("models.testOk", { latency })
      }
    >
      {result.detail}
    </Notice>
  );
}
