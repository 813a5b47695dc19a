import { Brain, Ellipsis, Hand, Pencil, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Session } from "@/api/types";
import { cx } from "@/lib/cx";
import { Menu, MenuItem } from "@/ui/Menu";

interface ChatItemProps {
  chat: Session;
  current: boolean;
  /** A plan in it waits for the user's word. */
  waiting: boolean;
  onOpen?: () => void;
  onRename: () => void;
  /** Whether what is said in it is remembered. */
  onMemory: (memory: boolean) => void;
  onDelete: () => void;
}

export function ChatItem({ chat, current, waiting, onOpen, onRename, onMemory, onDelete }: ChatItemProps) {
  const { t } = useTranslation();
  const title = chat.title || t("chats.untitled");
  return (
    <li
      className={cx(
        "group relative flex items-center rounded-lg",
        current ? "bg-hover" : "hover:bg-hover/70",
      )}
    >
      <Link
        href={`/chat/${chat.id}`}
        onClick={onOpen}
        aria-current={current ? "page" : undefined}
        className="flex h-9 min-w-0 flex-1 items-center gap-2 rounded-lg pr-9 pl-2.5 text-[0.93rem]"
      >
        <span className={cx("truncate", current && "font-medium")}>{title}</span>
        {waiting && (
          <Hand role="img" aria-label={t("app.inbox")} className="ml-auto size-4 shrink-0 text-warn" />
        )}
        {chat.running && !waiting && (
          <span
            role="img"
            aria-label={t("chats.running")}
            className="ml-auto size-2 shrink-0 animate-dot rounded-full bg-accent"
          />
        )}
      </Link>
      <Menu
        trigger={
          <button
            type="button"
            aria-label={t("chats.menu", { title })}
            className={cx(
              "absolute right-1 inline-flex size-7 items-center justify-center rounded-md text-ink-soft hover:bg-line hover:text-ink",
              "opacity-0 focus-visible:opacity-100 group-hover:opacity-100 data-[popup-open]:opacity-100 pointer-coarse:opacity-100",
            )}
          >
            <Ellipsis aria-hidden className="size-4" />
          </button>
        }
      >
        <MenuItem icon={Pencil} onSelect={onRename}>
          {t("common.rename")}
        </MenuItem>
        <MenuItem icon={Brain} onSelect={() => onMemory(!chat.memory)}>
          {t(chat.memory ? "chats.dontRemember" : "chats.remember")}
        </MenuItem>
        <MenuItem icon={Trash2} danger onSelect={onDelete}>
          {t("common.delete")}
        </MenuItem>
      </Menu>
    </li>
  );
}
