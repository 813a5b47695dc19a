import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Period } from "@/api/usage";
import { Choice } from "@/ui/Choice";
import { TextField } from "@/ui/Field";
import { dayOf, lastDays } from "./rows";

const SPANS = ["7", "30", "90"] as const;
type Span = (typeof SPANS)[number] | "custom";

interface PeriodPickerProps {
  period: Period;
  onChange: (period: Period) => void;
}

/** The last days, or any days from one to another. */
export function PeriodPicker({ period, onChange }: PeriodPickerProps) {
  const { t } = useTranslation();
  const [span, setSpan] = useState<Span>("30");
  const choose = (next: Span) => {
    setSpan(next);
    if (next !== "custom") onChange(lastDays(Number(next)));
  };
  const change = (part: Partial<Period>) => {
    const next = { ...period, ...part };
    if (next.since && next.until && next.since <= next.until) onChange(next);
  };
  return (
    <div className="flex flex-col gap-3">
      <Choice
        label={t("usage.period")}
        value={span}
        options={[
          ...SPANS.map((value) => ({ value, label: t("usage.days", { count: Number(value) }) })),
          { value: "custom" as const, label: t("usage.custom") },
        ]}
        onChange={choose}
      />
      {span === "custom" && (
        <div className="grid max-w-sm grid-cols-2 gap-3">
          <TextField
            label={t("usage.since")}
            type="date"
            defaultValue={period.since}
            max={period.until}
            onChange={(since) => change({ since })}
          />
          <TextField
            label={t("usage.until")}
            type="date"
            defaultValue={period.until}
            min={period.since}
            max={dayOf(Date.now())}
            onChange={(until) => change({ until })}
          />
        </div>
      )}
    </div>
  );
}
