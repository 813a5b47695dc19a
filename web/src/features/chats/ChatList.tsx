import { Search } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useApprovals } from "@/api/approvals";
import { useChats } from "@/api/chats";
import type { Session } from "@/api/types";
import { type Age, ageOf } from "@/lib/format";
import { patiently } from "@/lib/patiently";
import { useNearEnd } from "@/lib/useNearEnd";
import { Button } from "@/ui/Button";
import { Skeleton } from "@/ui/Skeleton";
import { ChatItem } from "./ChatItem";
import { useChatMemory } from "./useChatMemory";
import { useDeleteChat, useHiddenChats } from "./useDeleteChat";

const RenameDialog = lazy(async () => ({
  default: (await patiently(() => import("./RenameDialog"))).RenameDialog,
}));
const AGES: Age[] = ["today", "yesterday", "week", "earlier"];

/** The user's chats, newest first, by age; more of them load as the list is scrolled. */
export function ChatList({ onOpen }: { onOpen?: () => void }) {
  const { t } = useTranslation();
  const [path, go] = useLocation();
  const [search, setSearch] = useState("");
  const [renaming, setRenaming] = useState<Session | null>(null);
  const chats = useChats();
  const { data: approvals = [] } = useApprovals();
  const hidden = useHiddenChats();
  const deleteChat = useDeleteChat();
  const setMemory = useChatMemory();
  const all = useMemo(() => chats.data?.pages.flatMap((page) => page.items) ?? [], [chats.data]);
  const shown = all.filter((chat) => !hidden.includes(chat.id) && matches(chat, search));
  const end = useNearEnd(chats.hasNextPage && !chats.isFetchingNextPage, () => void chats.fetchNextPage());

  return (
    <section aria-labelledby="my-chats" className="flex min-h-0 flex-1 flex-col">
      <h2 id="my-chats" className="px-3 pt-3 pb-1.5 font-medium text-[0.8rem] text-ink-faint">
        {t("chats.title")}
      </h2>
      {(all.length > 6 || search) && (
        <label className="mx-2 mb-1.5 flex h-9 items-center gap-2 rounded-lg border border-line bg-raised px-2.5 focus-within:border-accent">
          <Search aria-hidden className="size-4 shrink-0 text-ink-faint" />
          <input
            type="search"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
            onKeyDown={(event) => event.key === "Escape" && setSearch("")}
            placeholder={t("chats.search")}
            aria-label={t("chats.search")}
            className="min-w-0 flex-1 bg-transparent text-[0.93rem] outline-none"
          />
        </label>
      )}
      <div className="scroll-thin min-h-0 flex-1 overflow-y-auto px-2 pb-3">
        {chats.isPending && <ListSkeleton />}
        {chats.isError && (
          <div className="flex flex-col items-start gap-2 px-1.5 py-2 text-[0.93rem] text-ink-soft">
            {t("chats.loadFailed")}
            <Button size="sm" onClick={() => void chats.refetch()}>
              {t("common.retry")}
            </Button>
          </div>
        )}
        {chats.isSuccess && shown.length === 0 && !chats.hasNextPage && (
          <p className="px-1.5 py-1 text-[0.93rem] text-ink-soft">
            {search ? t("chats.nothing") : t("chats.empty")}
          </p>
        )}
        {AGES.map((age) => {
          const group = shown.filter((chat) => ageOf(chat.updated_at) === age);
          if (group.length === 0) return null;
          return (
            <div key={age} className="mb-2">
              <h3 className="px-1.5 pt-1.5 pb-0.5 text-[0.76rem] text-ink-faint">{t(`chats.${age}`)}</h3>
              <ul>
                {group.map((chat) => (
                  <ChatItem
                    key={chat.id}
                    chat={chat}
                    waiting={approvals.some((approval) => approval.session_id === chat.id)}
                    current={path === `/chat/${chat.id}`}
                    onOpen={onOpen}
                    onRename={() => setRenaming(chat)}
                    onMemory={(memory) => setMemory(chat, memory)}
                    onDelete={() => {
                      deleteChat(chat);
                      if (path === `/chat/${chat.id}`) go("/");
                    }}
                  />
                ))}
              </ul>
            </div>
          );
        })}
        <div ref={end} className="h-px" />
        {chats.isFetchingNextPage && <ListSkeleton />}
      </div>
      <Suspense fallback={null}>
        {renaming && <RenameDialog chat={renaming} onClose={() => setRenaming(null)} />}
      </Suspense>
    </section>
  );
}

function matches(chat: Session, search: string): boolean {
  return search.trim() === "" || chat.title.toLowerCase().includes(search.trim().toLowerCase());
}

function ListSkeleton() {
  return (
    <div className="flex flex-col gap-2.5 px-1.5 py-2">
      <Skeleton className="h-4 w-4/5" />
      <Skeleton className="h-4 w-3/5" />
      <Skeleton className="h-4 w-2/3" />
    </div>
  );
}
