import { Dialog } from "@base-ui/react/dialog";
import {
  Bot,
  Brain,
  ChartColumn,
  Inbox,
  type LucideIcon,
  MessageSquare,
  Moon,
  Plus,
  Search,
  Settings,
  Sun,
  Workflow,
} from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useAgents } from "@/api/agents";
import { useChats } from "@/api/chats";
import { cx } from "@/lib/cx";
import { setTheme } from "@/lib/theme";

interface Command {
  id: string;
  group: "chats" | "agents" | "commands";
  label: string;
  note?: string;
  icon: LucideIcon;
  run: () => void;
}

const GROUPS = ["chats", "agents", "commands"] as const;
const PER_GROUP = 8;

/** One field that finds chats, agents and commands. */
export function Palette({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-40 bg-scrim transition-opacity data-[ending-style]:opacity-0 data-[starting-style]:opacity-0" />
        <Dialog.Popup
          aria-label={t("palette.title")}
          className="fixed inset-x-3 top-[10dvh] z-50 mx-auto flex max-h-[70dvh] max-w-xl flex-col overflow-hidden rounded-2xl border border-line bg-raised shadow-float"
        >
          <Finder onClose={onClose} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Finder({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState("");
  const [active, setActive] = useState(0);
  const found = useFound(query);
  const index = Math.min(active, Math.max(0, found.length - 1));

  useEffect(() => {
    list.current?.querySelector(`#${CSS.escape(`${listId}-${index}`)}`)?.scrollIntoView({ block: "nearest" });
  }, [listId, index]);

  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && found.length > 0) setActive((index + step + found.length) % found.length);
    else if (event.key === "Enter") run(found[index]);
    else return;
    event.preventDefault();
  };

  return (
    <>
      <div className="flex h-13 shrink-0 items-center gap-3 border-line border-b px-4">
        <Search aria-hidden className="size-4 text-ink-faint" />
        <input
          // biome-ignore lint/a11y/noAutofocus: the field is what this window is for
          autoFocus
          role="combobox"
          aria-expanded={found.length > 0}
          aria-controls={listId}
          aria-activedescendant={found.length ? `${listId}-${index}` : undefined}
          aria-label={t("palette.placeholder")}
          placeholder={t("palette.placeholder")}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
          className="min-w-0 flex-1 bg-transparent text-[1.03rem] outline-none"
        />
      </div>
      <div
        ref={list}
        id={listId}
        role="listbox"
        tabIndex={-1}
        aria-label={t("palette.title")}
        className="scroll-thin min-h-0 overflow-y-auto p-1.5"
      >
        {found.length === 0 && <p className="px-3 py-4 text-ink-soft">{t("palette.nothing")}</p>}
        {GROUPS.map((group) => {
          const commands = found.filter((command) => command.group === group);
          if (commands.length === 0) return null;
          return (
            // biome-ignore lint/a11y/useSemanticElements: a group of options, not of form fields
            <div key={group} role="group" aria-label={t(`palette.${group}`)}>
              <p aria-hidden className="px-3 pt-2 pb-1 text-[0.8rem] text-ink-faint">
                {t(`palette.${group}`)}
              </p>
              {commands.map((command) => {
                const place = found.indexOf(command);
                return (
                  // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field
                  // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys
                  <div
                    key={command.id}
                    id={`${listId}-${place}`}
                    role="option"
                    aria-selected={place === index}
                    onMouseMove={() => setActive(place)}
                    onClick={() => run(command)}
                    className={cx(
                      "flex h-10 cursor-default items-center gap-3 rounded-lg px-3",
                      place === index && "bg-hover",
                    )}
                  >
                    <command.icon aria-hidden className="size-4 shrink-0 text-ink-soft" />
                    <span className="truncate">{command.label}</span>
                    {command.note && <span className="truncate text-ink-faint">{command.note}</span>}
                  </div>
                );
              })}
            </div>
          );
        })}
      </div>
    </>
  );
}

function useFound(query: string): Command[] {
  const commands = useCommands();
  return useMemo(() => {
    const wanted = query.trim().toLowerCase();
    const matching = commands.filter(({ label, note }) =>
      `${label} ${note ?? ""}`.toLowerCase().includes(wanted),
    );
    return GROUPS.flatMap((group) =>
      matching.filter((command) => command.group === group).slice(0, PER_GROUP),
    );
  }, [commands, query]);
}

function useCommands(): Command[] {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const { data: agents } = useAgents();
  const { data: chats } = useChats();
  return useMemo(() => {
    const chatCommands = (chats?.pages ?? []).flatMap((page) =>
      page.items.map(
        (chat): Command => ({
          id: `chat-${chat.id}`,
          group: "chats",
          label: chat.title || t("chats.untitled"),
          icon: MessageSquare,
          run: () => go(`/chat/${chat.id}`),
        }),
      ),
    );
    const agentCommands = (agents ?? []).map(
      (agent): Command => ({
        id: agent.agent_id,
        group: "agents",
        label: agent.name,
        note: `@${agent.handle}`,
        icon: Bot,
        run: () => go(`/?agent=${agent.handle}`),
      }),
    );
    const themed = (theme: "light" | "dark", icon: LucideIcon): Command => ({
      id: theme,
      group: "commands",
      label: t("palette.theme", { theme: t(`settings.themes.${theme}`) }),
      icon,
      run: () => setTheme(theme),
    });
    const commands: Command[] = [
      { id: "new", group: "commands", label: t("chats.new"), icon: Plus, run: () => go("/") },
      { id: "agent", group: "commands", label: t("agents.new"), icon: Bot, run: () => go("/agents/new") },
      { id: "inbox", group: "commands", label: t("app.inbox"), icon: Inbox, run: () => go("/inbox") },
      {
        id: "orchestrator",
        group: "commands",
        label: t("app.orchestratorSettings"),
        icon: Workflow,
        run: () => go("/orchestrator"),
      },
      { id: "memory", group: "commands", label: t("app.memory"), icon: Brain, run: () => go("/memory") },
      { id: "usage", group: "commands", label: t("app.usage"), icon: ChartColumn, run: () => go("/usage") },
      {
        id: "settings",
        group: "commands",
        label: t("settings.title"),
        icon: Settings,
        run: () => go("/settings/profile"),
      },
      themed("light", Sun),
      themed("dark", Moon),
    ];
    return [...chatCommands, ...agentCommands, ...commands];
  }, [chats, agents, t, go]);
}
