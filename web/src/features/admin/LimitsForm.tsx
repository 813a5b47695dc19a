import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Limits } from "@/api/admin";
import { wholeNumber } from "@/lib/format";
import { Button } from "@/ui/Button";
import { TextInput } from "@/ui/Field";
import { Select } from "@/ui/Select";
import { edited, isWrong, type Kind, LIMITS, limitOf } from "./limits";

interface LimitsFormProps {
  limits: Partial<Limits>;
  /** What holds where nothing is set. */
  usual: Partial<Limits>;
  /** These are everybody's: behind them stands what the server is set to. */
  everybodys?: boolean;
  busy: boolean;
  onSave: (limits: Limits) => void;
}

/** All limits there are, each as usual, without any, or a number. */
export function LimitsForm({ limits, usual, everybodys, busy, onSave }: LimitsFormProps) {
  const { t, i18n } = useTranslation();
  const [form, setForm] = useState(() => edited(limits));
  const id = useId();
  const wrong = LIMITS.some((name) => isWrong(form[name]));
  const words = (value: Limits[keyof Limits] | undefined) =>
    typeof value === "number" ? wholeNumber(value, i18n.language) : t("admin.limits.unlimitedShort");
  return (
    <form
      noValidate
      className="flex flex-col gap-2.5"
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong) return;
        onSave(Object.fromEntries(LIMITS.map((name) => [name, limitOf(form[name])])) as unknown as Limits);
      }}
    >
      {LIMITS.map((name) => {
        const label = t(`admin.limits.names.${name}`);
        const { kind, text } = form[name];
        const told = text !== "" && isWrong(form[name]);
        const put = (next: Partial<{ kind: Kind; text: string }>) =>
          setForm({ ...form, [name]: { ...form[name], ...next } });
        return (
          <div
            key={name}
            className="grid grid-cols-[minmax(0,1fr)_6.5rem] items-center gap-x-3 gap-y-1 sm:grid-cols-[minmax(0,1fr)_18.5rem_6.5rem]"
          >
            <span className="col-span-2 text-[0.93rem] sm:col-span-1">{label}</span>
            <Select
              aria-label={label}
              value={kind}
              options={[
                {
                  value: "usual",
                  label: t(everybodys ? "admin.limits.environment" : "admin.limits.usual", {
                    value: words(usual[name]),
                  }),
                },
                { value: "unlimited", label: t("admin.limits.unlimited") },
                { value: "number", label: t("admin.limits.number") },
              ]}
              onChange={(next) => put({ kind: next })}
              className={kind === "number" ? undefined : "col-span-2 sm:col-span-1"}
            />
            {kind === "number" && (
              <TextInput
                aria-label={`${label}: ${t("admin.limits.number")}`}
                aria-invalid={told || undefined}
                aria-describedby={told ? `${id}-${name}` : undefined}
                inputMode="numeric"
                className="h-9"
                value={text}
                onChange={(event) => put({ text: event.target.value })}
              />
            )}
            {told && (
              <p id={`${id}-${name}`} role="alert" className="col-span-full text-[0.87rem] text-danger">
                {t("admin.limits.wrong")}
              </p>
            )}
          </div>
        );
      })}
      <Button type="submit" className="mt-1 self-start" busy={busy} disabled={wrong}>
        {t("admin.limits.save")}
      </Button>
    </form>
  );
}
