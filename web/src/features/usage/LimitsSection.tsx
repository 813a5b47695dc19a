import { useTranslation } from "react-i18next";
import { type MyLimit, useLimits } from "@/api/limits";
import { shortTime, wholeNumber } from "@/lib/format";
import { Bar } from "@/ui/Bar";

/** What the administrator lets this account use, and how much of it is used. Nothing where nothing is limited. */
export function LimitsSection() {
  const { t } = useTranslation();
  const limited = (useLimits().data?.items ?? []).filter(({ limit }) => limit !== null);
  if (limited.length === 0) return null;
  return (
    <section aria-labelledby="limits-title" className="flex flex-col gap-3">
      <div>
        <h2 id="limits-title" className="font-semibold text-[1.05rem]">
          {t("admin.limits.mine")}
        </h2>
        <p className="text-[0.93rem] text-ink-soft">{t("admin.limits.mineText")}</p>
      </div>
      <ul className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        {limited.map((limit) => (
          <LimitRow key={limit.name} of={limit} />
        ))}
      </ul>
    </section>
  );
}

function LimitRow({ of: { name, limit, used, free_at } }: { of: MyLimit }) {
  const { t, i18n } = useTranslation();
  const label = t(`admin.limits.names.${name}`);
  const most = wholeNumber(limit ?? 0, i18n.language);
  const share = used === null ? 0 : limit ? used / limit : 1;
  const text =
    used === null
      ? t("admin.limits.upTo", { limit: most })
      : t("admin.limits.used", { used: wholeNumber(used, i18n.language), limit: most });
  return (
    <li className="flex flex-col gap-1.5">
      <p className="flex flex-wrap justify-between gap-x-4 tabular-nums">
        {label}
        <span className="text-ink-soft">{text}</span>
      </p>
      {used !== null && (
        <Bar
          share={share}
          tone={share >= 1 ? "danger" : share > 0.8 ? "warn" : "accent"}
          label={label}
          text={text}
        />
      )}
      {share >= 1 && free_at && (
        <p className="text-[0.87rem] text-danger">
          {t("admin.limits.freeAt", { date: shortTime(free_at, i18n.language) })}
        </p>
      )}
    </li>
  );
}
