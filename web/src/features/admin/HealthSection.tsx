import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { type Health, useHealth } from "@/api/admin";
import { cx } from "@/lib/cx";
import { relativeTime } from "@/lib/format";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";

const TONES = { ok: "ok", degraded: "warn", unavailable: "danger" } as const;

/** How the installation is, read anew every few seconds. */
export function HealthSection() {
  const { t } = useTranslation();
  const health = useHealth();
  if (health.isPending) return <Skeleton className="h-40 rounded-2xl" />;
  if (health.error) return <Notice tone="danger">{errorText(t, health.error)}</Notice>;
  return <Figures health={health.data} />;
}

function Figures({ health }: { health: Health }) {
  const { t, i18n } = useTranslation();
  return (
    <div className="flex flex-col gap-6">
      <Notice tone={TONES[health.status]} title={t(`admin.health.status.${health.status}`)}>
        {t("admin.health.version", health)} · {t("admin.health.streams", { count: health.streams })}
        {health.memory_troubles.length > 0 && (
          <p>
            {t("admin.health.memory")}: {health.memory_troubles.join(", ")}
          </p>
        )}
      </Notice>
      <Group title={t("admin.health.stores")}>
        {health.stores.map(({ name, ok, ms, error }) => (
          <Line key={name} ok={ok} name={name}>
            {ok ? t("admin.health.answers", { ms }) : `${t("admin.health.noAnswer")}: ${error}`}
          </Line>
        ))}
      </Group>
      <Group title={t("admin.health.shards")}>
        {health.shards.map((shard) => (
          <Line key={shard.name} ok={shard.ok} name={shard.name}>
            {shard.ok
              ? [
                  t("admin.health.shard", shard),
                  t("admin.health.queue", shard),
                  shard.oldest_ready_seconds
                    ? t("admin.health.oldest", { seconds: shard.oldest_ready_seconds })
                    : null,
                ]
                  .filter(Boolean)
                  .join(" · ")
              : t("admin.health.noAnswer")}
          </Line>
        ))}
      </Group>
      <Group title={t("admin.health.workers")}>
        {processesOf(health.workers).map(([worker, shards]) => (
          <Line key={`${worker.id} ${worker.is_alive}`} ok={worker.is_alive} name={worker.id.slice(0, 8)}>
            {[
              shards.join(", "),
              t(worker.is_alive ? "admin.health.alive" : "admin.health.dead"),
              t("admin.health.since", { date: relativeTime(worker.started_at, i18n.language) }),
            ].join(" · ")}
          </Line>
        ))}
      </Group>
    </div>
  );
}

/** Each process once, though it has a row in every shard, with the shards in which it is as it says there. */
function processesOf(workers: Health["workers"]): [Health["workers"][number], string[]][] {
  const found = new Map<string, [Health["workers"][number], string[]]>();
  for (const worker of workers) {
    const key = `${worker.id} ${worker.is_alive}`;
    const known = found.get(key);
    if (known) known[1].push(worker.shard);
    else found.set(key, [worker, [worker.shard]]);
  }
  return [...found.values()];
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <h3 className="mb-2 font-semibold">{title}</h3>
      <ul className="divide-y divide-line rounded-xl border border-line bg-raised">{children}</ul>
    </div>
  );
}

function Line({ ok, name, children }: { ok: boolean; name: string; children: ReactNode }) {
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5">
      <span aria-hidden className={cx("size-2.5 shrink-0 rounded-full", ok ? "bg-ok" : "bg-danger")} />
      <span className="font-medium">{name}</span>
      <span className="text-[0.87rem] text-ink-soft tabular-nums">{children}</span>
    </li>
  );
}
