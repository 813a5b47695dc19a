import { cx } from "@/lib/cx";

/** Stands where something is about to be. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cx("animate-shimmer rounded-md bg-hover", className)} />;
}
