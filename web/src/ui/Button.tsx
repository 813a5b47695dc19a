import type { ButtonHTMLAttributes, Ref } from "react";
import { cx } from "@/lib/cx";
import { Spinner } from "@/ui/Spinner";

type Look = "primary" | "secondary" | "ghost" | "danger" | "dangerGhost";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  size?: "sm" | "md" | "lg";
  busy?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

const LOOKS: Record<Look, string> = {
  primary: "bg-accent text-accent-ink hover:bg-accent-hover",
  secondary: "border border-line bg-raised text-ink hover:bg-hover",
  ghost: "text-ink-soft hover:bg-hover hover:text-ink",
  danger: "bg-danger text-danger-ink hover:opacity-90",
  dangerGhost: "text-danger hover:bg-danger-soft",
};

const SIZES = {
  sm: "h-8 px-2.5 text-[0.87rem] gap-1.5",
  md: "h-10 px-3.5 text-[0.93rem] gap-2",
  lg: "h-11 px-5 gap-2",
};

export function Button({ look = "secondary", size = "md", busy, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled || busy}
      aria-busy={busy || undefined}
      className={cx(
        "inline-flex shrink-0 select-none items-center justify-center rounded-lg font-medium transition-colors",
        "disabled:opacity-55",
        LOOKS[look],
        SIZES[size],
        className,
      )}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}
