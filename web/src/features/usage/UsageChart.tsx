import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { useAgents } from "@/api/agents";
import type { UsageRow } from "@/api/types";
import type { Period } from "@/api/usage";
import { ChartTip } from "./ChartTip";
import { colorOf, dayLabel, nameOf, valueText } from "./labels";
import { chartOf, type GroupBy, type Measure } from "./rows";

interface UsageChartProps {
  rows: readonly UsageRow[];
  by: GroupBy;
  measure: Measure;
  period: Period;
}

/** Each day as a bar, divided by agent or model. The table below says the same in words. */
export default function UsageChart({ rows, by, measure, period }: UsageChartProps) {
  const { t, i18n } = useTranslation();
  const language = i18n.language;
  const { days, series } = useMemo(
    () => chartOf(rows, by, measure, period.since, period.until),
    [rows, by, measure, period],
  );
  const { data: agents = [] } = useAgents();
  const name = (key: string) => nameOf(t, key, agents);
  return (
    <figure className="rounded-2xl border border-line bg-raised p-4">
      <figcaption className="mb-3 font-medium text-[0.93rem]">
        {t("usage.chart", { measure: t(`usage.measures.${measure}`) })}
      </figcaption>
      <div aria-hidden className="h-64">
        <ResponsiveContainer width="100%" height="100%">
          <BarChart data={days} accessibilityLayer={false} margin={{ top: 4, right: 4, bottom: 0, left: 0 }}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis
              dataKey="day"
              tickFormatter={(day: string) => dayLabel(day, language)}
              tick={{ fill: "var(--ink-soft)", fontSize: 12 }}
              tickLine={false}
              axisLine={{ stroke: "var(--line)" }}
              minTickGap={16}
            />
            <YAxis
              width={62}
              tickFormatter={(value: number) => valueText(value, measure, language)}
              tick={{ fill: "var(--ink-soft)", fontSize: 12 }}
              tickLine={false}
              axisLine={false}
            />
            <Tooltip
              cursor={{ fill: "var(--hover)" }}
              isAnimationActive={false}
              content={({ active, label }) =>
                active && (
                  <ChartTip
                    day={days.find((one) => one.day === label)}
                    series={series}
                    measure={measure}
                    name={name}
                  />
                )
              }
            />
            {series.map((key, index) => (
              <Bar
                key={key}
                dataKey={(day: (typeof days)[number]) => day.values[key]}
                name={name(key)}
                stackId="day"
                fill={colorOf(index)}
                maxBarSize={36}
                isAnimationActive={false}
              />
            ))}
          </BarChart>
        </ResponsiveContainer>
      </div>
      {by !== "day" && (
        <ul aria-hidden className="mt-3 flex flex-wrap gap-x-4 gap-y-1 text-[0.87rem] text-ink-soft">
          {series.map((key, index) => (
            <li key={key} className="flex items-center gap-1.5">
              <span className="size-2.5 rounded-sm" style={{ background: colorOf(index) }} />
              {name(key)}
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}
