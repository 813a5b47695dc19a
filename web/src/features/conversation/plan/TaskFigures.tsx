import { useTranslation } from "react-i18next";
import type { PlanTask } from "@/api/types";
import { duration, wholeNumber } from "@/lib/format";
import { costText, timeText } from "@/ui/plan/figures";

/** What a task was expected to take, beside what it took. */
export function TaskFigures({ task }: { task: PlanTask }) {
  const { t, i18n } = useTranslation();
  const { estimate, actual } = task;
  const seconds = actual?.seconds;
  const rows = [
    [t("task.cost"), costText(t, estimate), actual && (actual.cost ?? t("task.unknown"))],
    [
      t("task.time"),
      timeText(t, estimate, i18n.language),
      seconds != null ? duration(seconds, i18n.language) : null,
    ],
    [
      t("task.tokens"),
      null,
      actual &&
        `${wholeNumber(actual.input_tokens, i18n.language)} → ${wholeNumber(actual.output_tokens, i18n.language)}`,
    ],
  ] as const;
  return (
    <table className="w-full text-left text-[0.87rem]">
      <caption className="sr-only">{t("task.figures")}</caption>
      <thead className="text-[0.8rem] text-ink-faint">
        <tr>
          <td />
          <th scope="col" className="pb-1 font-normal">
            {t("plan.estimate")}
          </th>
          <th scope="col" className="pb-1 pl-3 font-normal">
            {t("plan.actual")}
          </th>
        </tr>
      </thead>
      <tbody className="tabular-nums">
        {rows.map(([name, expected, came]) => (
          <tr key={name} className="border-line border-t align-top">
            <th scope="row" className="py-1.5 pr-3 font-normal text-ink-soft">
              {name}
            </th>
            <td className="py-1.5">{expected ?? "–"}</td>
            <td className="py-1.5 pl-3">{came ?? "–"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
