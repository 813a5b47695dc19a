import { cx } from "@/lib/cx";

const TONES = { accent: "bg-accent", ok: "bg-ok", warn: "bg-warn", danger: "bg-danger" };

interface BarProps {
  /** 0 to 1; more is drawn as full. */
  share: number;
  /** The part of it that went wrong, 0 to 1. */
  lost?: number;
  tone?: keyof typeof TONES;
  label: string;
  /** The value in words. */
  text: string;
}

/** How far something has come, or how much of it is used. */
export function Bar({ share, lost = 0, tone = "accent", label, text }: BarProps) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={text}
      className="flex h-1.5 gap-0.5 overflow-hidden rounded-full bg-sunken"
    >
      <div
        className={cx("h-full rounded-full transition-[width] duration-300", TONES[tone])}
        style={{ width: `${Math.max(0, percent - lost * 100)}%` }}
      />
      {lost > 0 && <div className="h-full rounded-full bg-danger" style={{ width: `${lost * 100}%` }} />}
    </div>
  );
}
