import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useApprovals } from "@/api/approvals";
import type { Approval, Me } from "@/api/types";
import { useHotkeys } from "@/lib/hotkeys";
import { patiently } from "@/lib/patiently";
import { readStored, writeStored } from "@/lib/storage";
import { useMedia } from "@/lib/useMedia";
import { loadMenus } from "@/ui/Menu";
import { ShellContext } from "@/ui/shell";
import { ConnectionBanner } from "./ConnectionBanner";
import { part } from "./part";
import { Sidebar } from "./Sidebar";

const loadPalette = () => import("@/features/palette/Palette");
const Palette = lazy(async () => ({ default: (await patiently(loadPalette)).Palette }));
/** Only narrow screens need it, and not before the menu is opened. */
const Sheet = lazy(async () => ({ default: (await patiently(() => import("@/ui/Sheet"))).Sheet }));
/** Cameras and the like: seldom wanted, and then in any chat. */
const PageToolHost = part(async () => (await import("@/features/pageTools/PageToolHost")).PageToolHost);
const NONE: Approval[] = [];
const DETAILS_KEY = "artel.details";

interface AppShellProps {
  me: Me;
  onSignedOut: () => void;
  children: ReactNode;
}

/** The frame of every page: the team and the chats on the left, a page beside them. */
export function AppShell({ me, onSignedOut, children }: AppShellProps) {
  const { t } = useTranslation();
  const [path, go] = useLocation();
  const { data: approvals = NONE } = useApprovals();
  const waiting = approvals.length;
  const pageAsked = approvals.some((approval) => approval.tool?.kind === "browser");
  const wide = useMedia("(min-width: 1200px)");
  const roomy = useMedia("(min-width: 768px)");
  const [menuOpen, setMenuOpen] = useState(false);
  const [paletteOpen, setPaletteOpen] = useState(false);
  const [detailsWanted, setDetailsWanted] = useState(() => readStored(DETAILS_KEY) !== "closed");
  const [sheetOpen, setSheetOpen] = useState(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: going anywhere closes what lies over the page
  useEffect(() => {
    setMenuOpen(false);
    setSheetOpen(false);
  }, [path]);

  // Whoever presses Ctrl+K types on at once.
  useEffect(() => void loadPalette(), []);
  // A menu opens at once, even while the server is away.
  useEffect(() => void loadMenus().catch(() => undefined), []);

  useHotkeys([
    { key: "k", mod: true, run: () => setPaletteOpen(true) },
    { key: "o", mod: true, shift: true, run: () => go("/") },
  ]);

  const shell = useMemo(
    () => ({
      wide,
      waiting,
      openMenu: () => setMenuOpen(true),
      detailsOpen: wide ? detailsWanted : sheetOpen,
      setDetailsOpen: (open: boolean) => {
        if (!wide) return setSheetOpen(open);
        setDetailsWanted(open);
        writeStored(DETAILS_KEY, open ? null : "closed");
      },
    }),
    [wide, waiting, detailsWanted, sheetOpen],
  );

  const sidebar = (
    <Sidebar
      me={me}
      onSignedOut={onSignedOut}
      onSearch={() => setPaletteOpen(true)}
      onOpen={() => setMenuOpen(false)}
    />
  );
  return (
    <ShellContext value={shell}>
      <a
        href="#main"
        className="sr-only z-50 rounded-lg bg-accent px-4 py-2 text-accent-ink focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        {t("app.skip")}
      </a>
      <div className="flex h-full flex-col">
        <ConnectionBanner />
        <div className="flex min-h-0 flex-1">
          {roomy ? (
            <div className="flex w-68 shrink-0 flex-col border-line border-r bg-side">{sidebar}</div>
          ) : (
            <Suspense fallback={null}>
              <Sheet
                open={menuOpen}
                onClose={() => setMenuOpen(false)}
                side="left"
                label={t("app.navigation")}
              >
                {sidebar}
              </Sheet>
            </Suspense>
          )}
          <div className="h-full min-w-0 flex-1">{children}</div>
        </div>
      </div>
      <Suspense fallback={null}>
        {pageAsked && <PageToolHost />}
        {paletteOpen && <Palette open onClose={() => setPaletteOpen(false)} />}
      </Suspense>
    </ShellContext>
  );
}
