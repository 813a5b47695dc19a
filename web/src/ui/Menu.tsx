import type { LucideIcon } from "lucide-react";
import {
  cloneElement,
  type KeyboardEvent,
  type MouseEvent,
  type ReactElement,
  type ReactNode,
  useState,
} from "react";
import { patiently } from "@/lib/patiently";

/**
 * Menus, without what they are made of: that is a fifth of all scripts, and nobody needs it before a menu is opened.
 * Until then there is only the button; so long lists of them are light too.
 */
type Parts = typeof import("./menuParts");
let parts: Parts | null = null;
let loading: Promise<void> | null = null;

/** Has menus ready ahead of the first one that is opened. */
export function loadMenus(): Promise<void> {
  loading ??= patiently(() => import("./menuParts")).then(
    (loaded) => {
      parts = loaded;
    },
    (error) => {
      loading = null;
      throw error;
    },
  );
  return loading;
}

const ahead = () => void loadMenus().catch(() => undefined);

export interface MenuProps {
  trigger: ReactElement;
  children: ReactNode;
  align?: "start" | "end";
  side?: "top" | "bottom";
}

type TriggerProps = ReturnType<typeof useOpening>[1];

function useOpening() {
  const [opened, setOpened] = useState<"by key" | "by pointer" | null>(null);
  const open = (how: "by key" | "by pointer") => {
    if (parts) return setOpened(how);
    void loadMenus().then(
      () => setOpened(how),
      () => undefined,
    );
  };
  const trigger = {
    "aria-haspopup": "menu" as const,
    "aria-expanded": false,
    onPointerEnter: ahead,
    onFocus: ahead,
    // Enter and the space bar click too, without any place on the screen.
    onClick: (event: MouseEvent) => open(event.detail === 0 ? "by key" : "by pointer"),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      open("by key");
    },
  };
  return [opened, trigger] as const;
}

export function Menu(props: MenuProps) {
  const [opened, plain] = useOpening();
  if (parts && opened) return <parts.Opened {...props} byKey={opened === "by key"} />;
  return cloneElement(props.trigger as ReactElement<TriggerProps>, plain);
}

export interface MenuItemProps {
  icon?: LucideIcon;
  danger?: boolean;
  onSelect: () => void;
  children: ReactNode;
}

// What follows stands in menus only, and is drawn only once they are open.

export const MenuItem = (props: MenuItemProps) => parts && <parts.Item {...props} />;

export const MenuSeparator = () => parts && <parts.Separator />;

export interface MenuChoicesProps {
  value: string;
  onChange: (value: string) => void;
  children: ReactNode;
}

/** One of several. */
export const MenuChoices = (props: MenuChoicesProps) => parts && <parts.Choices {...props} />;

export interface MenuChoiceProps {
  value: string;
  children: ReactNode;
  /** Behind the mark of the chosen one. */
  after?: ReactNode;
}

export const MenuChoice = (props: MenuChoiceProps) => parts && <parts.Choice {...props} />;
