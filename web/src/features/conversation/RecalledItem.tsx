import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useAgents } from "@/api/agents";
import { useChats } from "@/api/chats";
import type { Recalled } from "@/api/types";
import { shortTime } from "@/lib/format";
import { placeOf } from "@/ui/memory/source";
import { speakerOf, whyOf } from "@/ui/memory/words";

interface RecalledItemProps {
  item: Recalled;
  /** The chat in which it was recalled. */
  sessionId: number;
  onForget: () => void;
}

/** One memory that a model was told: what, why, and from where. A forgotten one shows only that it was there. */
export function RecalledItem({ item, sessionId, onForget }: RecalledItemProps) {
  const { t, i18n } = useTranslation();
  const { data: agents = [] } = useAgents();
  if (item.text === null) {
    return <li className="text-[0.9rem] text-ink-faint italic">{t("memory.recalledGoneText")}</li>;
  }
  const why = whyOf(t, item);
  return (
    <li className="text-[0.9rem]">
      <p className="line-clamp-4 whitespace-pre-wrap [overflow-wrap:anywhere]">{item.text}</p>
      <div className="mt-0.5 flex items-end gap-2 text-[0.82rem] text-ink-soft">
        <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-2 py-1">
          {why && <span className="text-accent-text">{why}</span>}
          {item.role && <span className="min-w-0 truncate">{speakerOf(t, item, agents)}</span>}
          {item.created_at && (
            <time dateTime={item.created_at} className="shrink-0">
              {shortTime(item.created_at, i18n.language)}
            </time>
          )}
          {item.session_id !== null && (
            <ChatLink id={item.session_id} told={item.session_title} here={item.session_id === sessionId} />
          )}
        </div>
        <button
          type="button"
          onClick={onForget}
          className="h-7 shrink-0 rounded-md px-2 text-danger hover:bg-danger-soft"
        >
          {t("memory.forget")}
        </button>
      </div>
    </li>
  );
}

function ChatLink({ id, told, here }: { id: number; told?: string | null; here: boolean }) {
  const { t } = useTranslation();
  const { data } = useChats();
  const title = told ?? data?.pages.flatMap((page) => page.items).find((chat) => chat.id === id)?.title;
  if (here) return <span>{t("memory.recalledHere")}</span>;
  return (
    <Link href={placeOf(id, null)} className="min-w-0 truncate rounded text-accent-text hover:underline">
      {title ? t("memory.recalledChat", { title }) : t("memory.recalledOther")}
    </Link>
  );
}
