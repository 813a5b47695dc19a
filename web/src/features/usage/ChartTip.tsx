import { useTranslation } from "react-i18next";
import { colorOf, dayLabel, valueText } from "./labels";
import type { ChartDay, Measure } from "./rows";

interface ChartTipProps {
  day: ChartDay | undefined;
  series: string[];
  measure: Measure;
  name: (key: string) => string;
}

/** One day of the chart in figures, beside the pointer. */
export function ChartTip({ day, series, measure, name }: ChartTipProps) {
  const { i18n } = useTranslation();
  if (!day) return null;
  const used = series.map((key, index) => ({ key, index, value: day.values[key] ?? 0 }));
  return (
    <div className="rounded-lg border border-line bg-raised px-3 py-2 text-[0.87rem] shadow-float">
      <p className="font-medium">{dayLabel(day.day, i18n.language)}</p>
      {used
        .filter(({ value }) => value > 0)
        .map(({ key, index, value }) => (
          <p key={key} className="flex items-center gap-2 text-ink-soft tabular-nums">
            <span className="size-2.5 rounded-sm" style={{ background: colorOf(index) }} />
            {name(key)}
            <span className="ml-auto pl-3 text-ink">{valueText(value, measure, i18n.language)}</span>
          </p>
        ))}
    </div>
  );
}
