import {
  CircleCheck,
  CircleDashed,
  CircleSlash,
  CircleX,
  Clock,
  Hand,
  LoaderCircle,
  type LucideIcon,
  OctagonPause,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import type { PlanTaskStatus } from "@/api/types";
import { cx } from "@/lib/cx";

const LOOKS: Record<PlanTaskStatus, { icon: LucideIcon; tone: string }> = {
  proposed: { icon: CircleDashed, tone: "text-ink-soft" },
  pending: { icon: CircleDashed, tone: "text-ink-soft" },
  ready: { icon: Clock, tone: "text-ink-soft" },
  running: { icon: LoaderCircle, tone: "text-accent-text" },
  waiting: { icon: Hand, tone: "text-warn" },
  done: { icon: CircleCheck, tone: "text-ok" },
  failed: { icon: CircleX, tone: "text-danger" },
  skipped: { icon: CircleSlash, tone: "text-ink-soft" },
  cancelled: { icon: OctagonPause, tone: "text-ink-soft" },
};

/** A task's status as an icon with its word; `brief` keeps the word for screen readers only. */
export function StatusMark({ status, brief }: { status: PlanTaskStatus; brief?: boolean }) {
  const { t } = useTranslation();
  const { icon: Icon, tone } = LOOKS[status];
  return (
    <span className={cx("inline-flex shrink-0 items-center gap-1 text-[0.8rem]", tone)}>
      <Icon aria-hidden className={cx("size-4", status === "running" && "animate-spin")} />
      <span className={cx(brief && "sr-only")}>{t(`plan.status.${status}`)}</span>
    </span>
  );
}
