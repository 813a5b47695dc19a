import { Menu } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import { useShell } from "@/ui/shell";

/** The bar above a page's content; on narrow screens it opens the menu. */
export function PageHeader({ children, actions }: { children: ReactNode; actions?: ReactNode }) {
  const { t } = useTranslation();
  const { openMenu, waiting } = useShell();
  return (
    <header className="flex h-14 shrink-0 items-center gap-2 border-line border-b px-2 md:px-5">
      <span className="relative md:hidden">
        <IconButton icon={Menu} label={t("app.openMenu")} onClick={openMenu} />
        {waiting > 0 && (
          <span className="pointer-events-none absolute top-1.5 right-1.5 size-2.5 rounded-full border-2 border-canvas bg-accent">
            <span className="sr-only">{t("app.inboxCount", { count: waiting })}</span>
          </span>
        )}
      </span>
      <div className="flex min-w-0 flex-1 items-center gap-2.5">{children}</div>
      {actions}
    </header>
  );
}
