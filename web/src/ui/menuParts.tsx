import { Menu as Base } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import { useLayoutEffect, useRef } from "react";
import { cx } from "@/lib/cx";
import type { MenuChoiceProps, MenuChoicesProps, MenuItemProps, MenuProps } from "./Menu";

const ITEM =
  "flex w-full cursor-default select-none items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-[0.93rem] outline-none " +
  "data-[highlighted]:bg-hover";

interface OpenedProps extends MenuProps {
  /** Opened by a key: then the first entry is chosen, and after it the trigger, for which this one stands, again. */
  byKey: boolean;
}

/** A menu that was just asked for: it opens as soon as it is there. */
export function Opened({ trigger, children, align = "end", side = "bottom", byKey }: OpenedProps) {
  const button = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => {
    // It stands where the plain trigger stood, which the pressed key had the focus on.
    if (!byKey) return;
    button.current?.focus();
    button.current?.click();
  }, [byKey]);
  return (
    <Base.Root defaultOpen={!byKey}>
      <Base.Trigger ref={button} render={trigger} />
      <Base.Portal>
        <Base.Positioner align={align} side={side} sideOffset={6} className="z-50 outline-none">
          <Base.Popup className="scroll-thin max-h-[min(24rem,var(--available-height))] min-w-44 max-w-[min(20rem,90vw)] overflow-y-auto rounded-xl border border-line bg-raised p-1 shadow-float outline-none">
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export function Item({ icon: Icon, danger, onSelect, children }: MenuItemProps) {
  return (
    <Base.Item onClick={onSelect} className={cx(ITEM, danger && "text-danger")}>
      {Icon && <Icon aria-hidden className="size-4 shrink-0 opacity-80" />}
      {children}
    </Base.Item>
  );
}

export const Separator = () => <Base.Separator className="mx-1 my-1 h-px bg-line" />;

export const Choices = ({ value, onChange, children }: MenuChoicesProps) => (
  <Base.RadioGroup value={value} onValueChange={onChange}>
    {children}
  </Base.RadioGroup>
);

export const Choice = ({ value, children, after }: MenuChoiceProps) => (
  <Base.RadioItem value={value} closeOnClick className={ITEM}>
    {children}
    <Base.RadioItemIndicator render={<Check aria-hidden className="size-4 shrink-0 text-accent-text" />} />
    {after}
  </Base.RadioItem>
);
