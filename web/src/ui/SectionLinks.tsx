import type { LucideIcon } from "lucide-react";
import { Link } from "wouter";
import { cx } from "@/lib/cx";

export interface SectionLink {
  href: string;
  label: string;
  icon: LucideIcon;
}

interface SectionLinksProps {
  /** Of the page whose sections they are. */
  label: string;
  links: SectionLink[];
  /** The address of the one that is open. */
  current: string;
  /** On a wide screen beside the section, one below the other. */
  aside?: boolean;
}

/** On a phone they stand in a row that is wider than the screen. */
const intoView = (link: HTMLElement | null) => link?.scrollIntoView({ block: "nearest", inline: "center" });

/** The sections of a page. */
export function SectionLinks({ label, links, current, aside }: SectionLinksProps) {
  return (
    <nav aria-label={label} className={aside ? "shrink-0 lg:w-56" : undefined}>
      <ul
        className={cx(
          "scroll-thin -mx-4 flex gap-1 overflow-x-auto px-4 pb-1",
          aside && "lg:mx-0 lg:flex-col lg:p-0",
        )}
      >
        {links.map(({ href, label: text, icon: Icon }) => (
          <li key={href} className="shrink-0">
            <Link
              href={href}
              aria-current={href === current ? "page" : undefined}
              ref={href === current ? intoView : undefined}
              className={cx(
                "flex h-9 items-center gap-2.5 rounded-lg px-2.5 text-[0.93rem] hover:bg-hover",
                href === current ? "bg-hover font-medium" : "text-ink-soft",
              )}
            >
              <Icon aria-hidden className="size-4" />
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
