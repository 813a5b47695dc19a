import { Brain, ChartColumn, LogOut, Search, Settings, ShieldUser, SquarePen } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { signOut } from "@/api/account";
import type { Me } from "@/api/types";
import { AgentList } from "@/features/agents/AgentList";
import { ChatList } from "@/features/chats/ChatList";
import { InboxLink } from "@/features/inbox/InboxLink";
import { modKey } from "@/lib/hotkeys";
import { useSpace } from "@/live/LiveProvider";
import { IconButton } from "@/ui/IconButton";
import { Logo } from "@/ui/Logo";
import { Menu, MenuItem, MenuSeparator } from "@/ui/Menu";
import { SideLink } from "@/ui/SideLink";

interface SidebarProps {
  me: Me;
  onSignedOut: () => void;
  onSearch: () => void;
  /** Something was opened: where the sidebar lies over the page, it may go. */
  onOpen: () => void;
}

export function Sidebar({ me, onSignedOut, onSearch, onOpen }: SidebarProps) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t("app.navigation")} className="flex h-full min-h-0 flex-col">
      <div className="flex h-14 shrink-0 items-center gap-1 pr-2 pl-3">
        <Link
          href="/"
          onClick={onOpen}
          className="mr-auto flex items-center gap-2.5 rounded-lg font-semibold"
        >
          <Logo />
          Artel
        </Link>
        <IconButton icon={Search} label={t("palette.title")} hotkey={`${modKey()}K`} onClick={onSearch} />
      </div>
      <div className="px-2 pb-1">
        <Link
          href="/"
          onClick={onOpen}
          className="flex h-10 items-center gap-2.5 rounded-lg border border-line bg-raised px-3 font-medium text-[0.93rem] transition-colors hover:bg-hover"
        >
          <SquarePen aria-hidden className="size-4 text-ink-soft" />
          {t("chats.new")}
        </Link>
        <InboxLink onOpen={onOpen} />
        <MemoryLink onOpen={onOpen} />
      </div>
      <AgentList onOpen={onOpen} />
      <ChatList onOpen={onOpen} />
      <Account me={me} onSignedOut={onSignedOut} onOpen={onOpen} />
    </nav>
  );
}

/** The way to what is remembered. */
function MemoryLink({ onOpen }: { onOpen: () => void }) {
  const { t } = useTranslation();
  const [path] = useLocation();
  return (
    <SideLink
      href="/memory"
      icon={Brain}
      current={path.startsWith("/memory")}
      onOpen={onOpen}
      className="mt-0.5"
    >
      {t("app.memory")}
    </SideLink>
  );
}

function Account({ me, onSignedOut, onOpen }: Omit<SidebarProps, "onSearch">) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const space = useSpace();
  const leave = async () => {
    await signOut().catch(() => undefined);
    space.announceSignOut();
    onSignedOut();
  };
  return (
    <div className="shrink-0 border-line border-t p-2">
      <Menu
        align="start"
        side="top"
        trigger={
          <button
            type="button"
            className="flex h-10 w-full items-center gap-2.5 rounded-lg px-2 text-left text-[0.9rem] hover:bg-hover"
          >
            <span
              aria-hidden
              className="inline-flex size-7 shrink-0 items-center justify-center rounded-full bg-accent-soft font-semibold text-[0.8rem] text-accent-text uppercase"
            >
              {me.email[0]}
            </span>
            <span className="truncate">{me.email}</span>
          </button>
        }
      >
        <MenuItem
          icon={Settings}
          onSelect={() => {
            onOpen();
            go("/settings/profile");
          }}
        >
          {t("settings.title")}
        </MenuItem>
        <MenuItem
          icon={ChartColumn}
          onSelect={() => {
            onOpen();
            go("/usage");
          }}
        >
          {t("app.usage")}
        </MenuItem>
        {me.role === "admin" && (
          <MenuItem
            icon={ShieldUser}
            onSelect={() => {
              onOpen();
              go("/administration/people");
            }}
          >
            {t("app.administration")}
          </MenuItem>
        )}
        <MenuSeparator />
        <MenuItem icon={LogOut} onSelect={() => void leave()}>
          {t("auth.signOut")}
        </MenuItem>
      </Menu>
    </div>
  );
}
