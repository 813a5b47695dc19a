import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { cx } from "@/lib/cx";

interface SideLinkProps {
  href: string;
  icon: LucideIcon;
  current: boolean;
  onOpen: () => void;
  className: string;
  children: ReactNode;
}

/** A way in the side bar to a page of its own. */
export function SideLink({ href, icon: Icon, current, onOpen, className, children }: SideLinkProps) {
  return (
    <Link
      href={href}
      onClick={onOpen}
      aria-current={current ? "page" : undefined}
      className={cx(
        "flex h-9 items-center gap-2.5 rounded-lg px-3 text-[0.93rem]",
        className,
        current ? "bg-hover font-medium" : "hover:bg-hover/70",
      )}
    >
      <Icon aria-hidden className="size-4 text-ink-soft" />
      {children}
    </Link>
  );
}
