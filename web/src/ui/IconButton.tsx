import { Tooltip } from "@base-ui/react/tooltip";
import type { LucideIcon } from "lucide-react";
import type { ButtonHTMLAttributes, Ref } from "react";
import { cx } from "@/lib/cx";

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: LucideIcon;
  label: string;
  /** Keys that do the same, shown in the hint. */
  hotkey?: string;
  size?: "sm" | "md";
  look?: keyof typeof LOOKS;
  ref?: Ref<HTMLButtonElement>;
}

const LOOKS = {
  plain: "text-ink-soft hover:bg-hover hover:text-ink disabled:opacity-50",
  primary: "bg-accent text-accent-ink hover:bg-accent-hover disabled:bg-hover disabled:text-ink-faint",
};

/** A button that shows only an icon; its name is in the hint and for screen readers. */
export function IconButton({
  icon: Icon,
  label,
  hotkey,
  size = "md",
  look = "plain",
  className,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger
        render={
          <button
            type="button"
            aria-label={label}
            {...rest}
            className={cx(
              "inline-flex shrink-0 items-center justify-center rounded-lg transition-colors",
              LOOKS[look],
              size === "sm" ? "size-8" : "size-9",
              className,
            )}
          >
            <Icon aria-hidden className={size === "sm" ? "size-4" : "size-[1.15rem]"} />
          </button>
        }
      />
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} className="z-50">
          <Tooltip.Popup className="flex items-center gap-2 rounded-md bg-ink px-2 py-1 text-[0.8rem] text-canvas shadow-float">
            {label}
            {hotkey && <kbd className="font-sans opacity-70">{hotkey}</kbd>}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
