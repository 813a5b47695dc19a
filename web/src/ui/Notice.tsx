import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";

const TONES = {
  danger: { icon: CircleAlert, box: "bg-danger-soft", mark: "text-danger" },
  warn: { icon: TriangleAlert, box: "bg-warn-soft", mark: "text-warn" },
  ok: { icon: CircleCheck, box: "bg-accent-soft", mark: "text-ok" },
  info: { icon: Info, box: "bg-sunken", mark: "text-ink-soft" },
};

interface NoticeProps {
  tone: keyof typeof TONES;
  title?: string;
  children?: ReactNode;
  actions?: ReactNode;
  /** Read out when it appears. */
  live?: boolean;
}

export function Notice({ tone, title, children, actions, live }: NoticeProps) {
  const { icon: Icon, box, mark } = TONES[tone];
  return (
    <div className={cx("flex gap-3 rounded-xl p-3.5", box)} role={live ? "alert" : undefined}>
      <Icon aria-hidden className={cx("mt-0.5 size-[1.15rem] shrink-0", mark)} />
      <div className="min-w-0 flex-1 text-[0.93rem]">
        {title && <p className="font-medium">{title}</p>}
        {children && <div className="break-words text-ink-soft">{children}</div>}
        {actions && <div className="mt-2.5 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  );
}
