import { Menu } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import { useShell } from "@/ui/shell";

/** The bar above a page's content; on narrow screens it opens the menu. */
export function PageHeader({ children, actions }: { children: ReactNode; actions?: ReactNode }) {
  const { t } = useTranslation();
  const { openMenu } = useShell();
  return (
    <header className="flex h-14 shrink-0 items-center gap-2 border-line border-b px-2 md:px-5">
      <IconButton icon={Menu} label={t("app.openMenu")} onClick={openMenu} className="md:hidden" />
      <div className="flex min-w-0 flex-1 items-center gap-2.5">{children}</div>
      {actions}
    </header>
  );
}
