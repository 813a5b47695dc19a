import { Search } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAgents } from "@/api/agents";
import { useMemories } from "@/api/memory";
import { ApiError } from "@/api/problem";
import type { Agent, Memory } from "@/api/types";
import { cx } from "@/lib/cx";
import { useHotkeys } from "@/lib/hotkeys";
import { useNearEnd } from "@/lib/useNearEnd";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { errorText } from "@/ui/failures";
import { ForgetMemory } from "@/ui/memory/ForgetMemory";
import { Skeleton } from "@/ui/Skeleton";
import { Spinner } from "@/ui/Spinner";
import { Filters } from "./Filters";
import { ForgetChat } from "./ForgetChat";
import { isFiltered, queryOf } from "./filter";
import { MemoryEntry } from "./MemoryEntry";
import { useFilter } from "./useFilter";

const NO_AGENTS: Agent[] = [];

/** The memories that are looked for, or all of them, the newest first. */
export function MemoryList({ onAdd }: { onAdd: () => void }) {
  const { t } = useTranslation();
  const { filter, typed, setTyped, change } = useFilter();
  const { data: agents = NO_AGENTS } = useAgents();
  const found = useMemories(queryOf(filter));
  const [forgetting, setForgetting] = useState<Memory | null>(null);
  const [clearing, setClearing] = useState<Memory | null>(null);
  const memories = found.data?.pages.flatMap((page) => page.items) ?? [];
  const end = useNearEnd(found.hasNextPage && !found.isFetchingNextPage, () => void found.fetchNextPage());
  const searching = filter.q !== "";
  const field = useRef<HTMLInputElement>(null);
  useHotkeys([{ key: "/", run: () => field.current?.focus() }]);

  return (
    <>
      <div className="flex flex-col gap-3">
        <search className="flex h-10 items-center gap-2.5 rounded-lg border border-line-strong/45 bg-raised px-3 focus-within:border-accent">
          {found.isFetching && searching && !found.isFetchingNextPage ? (
            <Spinner className="size-4 text-ink-faint" />
          ) : (
            <Search aria-hidden className="size-4 shrink-0 text-ink-faint" />
          )}
          <input
            ref={field}
            type="search"
            value={typed}
            maxLength={500}
            onChange={(event) => setTyped(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") change({ q: "" });
              if (event.key === "Enter") change({});
            }}
            placeholder={t("memory.searchPlaceholder")}
            aria-label={t("memory.search")}
            className="min-w-0 flex-1 bg-transparent outline-none"
          />
        </search>
        <Filters filter={filter} agents={agents} memories={memories} onChange={change} />
      </div>
      <p role="status" className="sr-only">
        {searching && found.isSuccess && !found.isFetching && t("memory.found", { count: memories.length })}
      </p>
      {found.isPending && <ListSkeleton />}
      {found.isError && (
        <EmptyState
          inner
          title={t(isAway(found.error) ? "memory.searchAway" : "memory.loadFailed")}
          text={isAway(found.error) ? t("memory.searchAwayText") : errorText(t, found.error)}
          action={{ label: t("common.retry"), run: () => void found.refetch() }}
        >
          {isAway(found.error) && (
            <Button look="ghost" onClick={() => change({ q: "" })}>
              {t("memory.showAll")}
            </Button>
          )}
        </EmptyState>
      )}
      {found.isSuccess && memories.length === 0 && (
        <Nothing searched={searching} filtered={isFiltered(filter)} onAdd={onAdd} />
      )}
      {!found.isError && memories.length > 0 && (
        <ul
          aria-label={t("memory.shown.list")}
          className={cx(
            "flex flex-col divide-y divide-line overflow-clip rounded-2xl border border-line bg-raised transition-opacity",
            found.isPlaceholderData && "opacity-60",
          )}
        >
          {memories.map((memory) => (
            <MemoryEntry
              key={memory.id}
              memory={memory}
              newer={memories.find(({ id }) => id === memory.superseded_by)}
              agents={agents}
              onForget={() => setForgetting(memory)}
              onForgetChat={() => setClearing(memory)}
              onOnlyChat={() => change({ chat: memory.session_id })}
            />
          ))}
        </ul>
      )}
      <div ref={end} className="flex min-h-px justify-center text-ink-faint">
        {found.isFetchingNextPage && <Spinner className="size-5" />}
      </div>
      {forgetting && (
        <ForgetMemory
          id={forgetting.id}
          text={forgetting.text}
          focus={field}
          sessionId={forgetting.source ? forgetting.session_id : null}
          onClose={() => setForgetting(null)}
        />
      )}
      {clearing?.session_id != null && (
        <ForgetChat
          sessionId={clearing.session_id}
          title={clearing.session_title}
          onClose={() => setClearing(null)}
        />
      )}
    </>
  );
}

const isAway = (error: unknown) => error instanceof ApiError && error.slug === "memory-unavailable";

function Nothing({ searched, filtered, onAdd }: { searched: boolean; filtered: boolean; onAdd: () => void }) {
  const { t } = useTranslation();
  if (searched) return <EmptyState inner title={t("memory.nothing")} text={t("memory.nothingText")} />;
  if (filtered) return <EmptyState inner text={t("memory.noneSuch")} />;
  return (
    <EmptyState
      inner
      title={t("memory.empty")}
      text={t("memory.emptyText")}
      action={{ label: t("memory.add"), run: onAdd }}
    />
  );
}

function ListSkeleton() {
  const { t } = useTranslation();
  return (
    <div role="status" className="flex flex-col gap-4 rounded-2xl border border-line bg-raised p-4">
      <span className="sr-only">{t("common.loading")}</span>
      {[1, 2, 3, 4].map((row) => (
        <div key={row} className="flex flex-col gap-2">
          <Skeleton className="h-4 w-11/12" />
          <Skeleton className="h-3.5 w-2/5" />
        </div>
      ))}
    </div>
  );
}
