import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useAgents } from "@/api/agents";
import type { Spent, UsageRow } from "@/api/types";
import { cx } from "@/lib/cx";
import { sumOfCosts, wholeNumber } from "@/lib/format";
import { dayLabel, nameOf } from "./labels";
import { type GroupBy, groupsOf } from "./rows";

interface UsageTableProps {
  rows: readonly UsageRow[];
  total: Spent;
  by: GroupBy;
}

const CELL = "px-3 py-2 text-right tabular-nums";

/** The figures themselves, exact. */
export function UsageTable({ rows, total, by }: UsageTableProps) {
  const { t, i18n } = useTranslation();
  const { data: agents = [] } = useAgents();
  const groups = useMemo(() => groupsOf(rows, by), [rows, by]);
  const number = (value: number) => wholeNumber(value, i18n.language);
  return (
    <section
      aria-label={t("app.usage")}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table must be scrollable by keyboard
      tabIndex={0}
      className="scroll-thin overflow-x-auto rounded-2xl border border-line bg-raised"
    >
      <table className="w-full min-w-120 text-left text-[0.9rem]">
        <thead className="text-[0.8rem] text-ink-faint">
          <tr>
            <th scope="col" className="px-4 py-2.5 font-normal">
              {t(`usage.columns.${by}`)}
            </th>
            <th scope="col" className={cx(CELL, "font-normal")}>
              {t("usage.calls")}
            </th>
            <th scope="col" className={cx(CELL, "font-normal")}>
              {t("usage.input")}
            </th>
            <th scope="col" className={cx(CELL, "font-normal")}>
              {t("usage.output")}
            </th>
            <th scope="col" className={cx(CELL, "pr-4 font-normal")}>
              {t("usage.cost")}
            </th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={group.key} className="border-line border-t">
              <th scope="row" className="px-4 py-2 font-medium">
                {by === "day" ? dayLabel(group.key, i18n.language) : nameOf(t, group.key, agents)}
              </th>
              <td className={CELL}>{number(group.calls)}</td>
              <td className={CELL}>{number(group.input)}</td>
              <td className={CELL}>{number(group.output)}</td>
              <td className={cx(CELL, "pr-4")}>{group.cost ?? t("plan.priceUnknown")}</td>
            </tr>
          ))}
        </tbody>
        <tfoot className="border-line-strong/60 border-t font-semibold">
          <tr>
            <th scope="row" className="px-4 py-2.5">
              {t("usage.total")}
            </th>
            <td className={CELL}>{number(total.calls)}</td>
            <td className={CELL}>{number(total.input_tokens)}</td>
            <td className={CELL}>{number(total.output_tokens)}</td>
            <td className={cx(CELL, "pr-4")}>{sumOfCosts([total.cost]) ?? t("plan.priceUnknown")}</td>
          </tr>
        </tfoot>
      </table>
    </section>
  );
}
