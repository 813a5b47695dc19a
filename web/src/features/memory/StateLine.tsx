import { useTranslation } from "react-i18next";
import { useFollowIndex, useMemoryState } from "@/api/memory";
import type { MemoryState } from "@/api/types";
import { cx } from "@/lib/cx";
import { wholeNumber } from "@/lib/format";
import { Bar } from "@/ui/Bar";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { reasonOf, shareOf } from "./state";

/** How much is remembered, what is still under way, and what does not go just now. */
export function StateLine() {
  const { data: state, isPending } = useMemoryState();
  if (isPending) return <Skeleton className="h-5 w-56" />;
  // When it cannot be had, the list below says what is wrong.
  return state ? <State state={state} /> : null;
}

function State({ state }: { state: MemoryState }) {
  const { t, i18n } = useTranslation();
  useFollowIndex(state);
  if (state.status === "off") return <Notice tone="info">{t("memory.state.off")}</Notice>;
  const number = (value: number) => wholeNumber(value, i18n.language);
  const parts = [
    t("memory.state.total", { count: state.total, total: number(state.total) }),
    state.waiting > 0 && t("memory.state.waiting", { count: state.waiting, waiting: number(state.waiting) }),
    state.forgetting > 0 && t("memory.state.forgetting"),
  ].filter(Boolean);
  const share = shareOf(state);
  return (
    <div className="flex flex-col gap-3">
      <p className="flex items-center gap-2.5 text-[0.93rem] text-ink-soft">
        <span aria-hidden className={cx("size-2 shrink-0 rounded-full", DOTS[state.status])} />
        <span className="tabular-nums">{parts.join(" · ")}</span>
      </p>
      {share !== null && (
        <div className="flex flex-col gap-1.5 text-[0.87rem] text-ink-soft">
          <span>
            {state.next_model
              ? t("memory.state.changing", { model: state.next_model, percent: Math.floor(share * 100) })
              : t("memory.state.rebuilding", { percent: Math.floor(share * 100) })}
          </span>
          <Bar share={share} label={t("memory.state.progress")} text={`${Math.floor(share * 100)} %`} />
        </div>
      )}
      {state.reasons.length > 0 && (
        <Notice tone="warn" title={t("memory.state.degraded")}>
          {state.reasons.map((reason) => (
            <p key={reason}>{reasonOf(t, reason)}</p>
          ))}
        </Notice>
      )}
    </div>
  );
}

const DOTS: Record<MemoryState["status"], string> = {
  ready: "bg-ok",
  indexing: "bg-accent animate-dot",
  rebuilding: "bg-accent animate-dot",
  degraded: "bg-warn",
  off: "bg-line-strong",
};
