import { Menu as Base } from "@base-ui/react/menu";
import type { LucideIcon } from "lucide-react";
import type { ReactElement, ReactNode } from "react";
import { cx } from "@/lib/cx";

interface MenuProps {
  trigger: ReactElement;
  children: ReactNode;
  align?: "start" | "end";
  side?: "top" | "bottom";
}

export function Menu({ trigger, children, align = "end", side = "bottom" }: MenuProps) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
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

export const MENU_ITEM =
  "flex w-full cursor-default select-none items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-[0.93rem] outline-none " +
  "data-[highlighted]:bg-hover";

interface MenuItemProps {
  icon?: LucideIcon;
  danger?: boolean;
  onSelect: () => void;
  children: ReactNode;
}

export function MenuItem({ icon: Icon, danger, onSelect, children }: MenuItemProps) {
  return (
    <Base.Item onClick={onSelect} className={cx(MENU_ITEM, danger && "text-danger")}>
      {Icon && <Icon aria-hidden className="size-4 shrink-0 opacity-80" />}
      {children}
    </Base.Item>
  );
}

export const MenuSeparator = () => <Base.Separator className="mx-1 my-1 h-px bg-line" />;
