import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useChats } from "@/api/chats";
import type { Agent, Memory } from "@/api/types";
import { Button } from "@/ui/Button";
import { Select } from "@/ui/Select";
import { type Filter, isFiltered, KINDS, SPANS, type Span } from "./filter";

interface FiltersProps {
  filter: Filter;
  agents: readonly Agent[];
  /** Those that are shown: they may be from chats that the list of chats has not loaded. */
  memories: readonly Memory[];
  onChange: (part: Partial<Filter>) => void;
}

/** Which memories are shown: of which chat and agent, of what kind, how old. */
export function Filters({ filter, agents, memories, onChange }: FiltersProps) {
  const { t } = useTranslation();
  const chats = useChatOptions(filter.chat, memories);
  const facts = filter.kind === null || filter.kind === "fact";
  return (
    <fieldset className="grid grid-cols-2 items-center gap-2 sm:flex sm:flex-wrap">
      <legend className="sr-only">{t("memory.filters")}</legend>
      <Select
        aria-label={t("memory.filter.chat")}
        className="sm:max-w-40"
        value={String(filter.chat ?? "")}
        options={[{ value: "", label: t("memory.filter.anyChat") }, ...chats]}
        onChange={(chat) => onChange({ chat: chat ? Number(chat) : null })}
      />
      <Select
        aria-label={t("memory.filter.agent")}
        className="sm:max-w-40"
        value={filter.agent ?? ""}
        options={[
          { value: "", label: t("memory.filter.anyAgent") },
          ...agents.map((agent) => ({ value: agent.agent_id, label: agent.name })),
        ]}
        onChange={(agent) => onChange({ agent: agent || null })}
      />
      <Select
        aria-label={t("memory.filter.kind")}
        value={filter.kind ?? ""}
        options={[
          { value: "", label: t("memory.filter.anyKind") },
          ...KINDS.map((kind) => ({ value: kind, label: t(`memory.plural.${kind}`) })),
        ]}
        onChange={(kind) => onChange({ kind: (kind || null) as Filter["kind"] })}
      />
      <Select
        aria-label={t("memory.filter.time")}
        value={filter.span ?? ""}
        options={[
          { value: "", label: t("memory.filter.anyTime") },
          ...SPANS.map((span) => ({ value: span, label: t(`memory.spans.${span}`) })),
        ]}
        onChange={(span) => onChange({ span: (span || null) as Span | null })}
      />
      {facts && (
        <label className="col-span-2 flex h-9 items-center gap-2 px-1 text-[0.93rem] text-ink-soft">
          <input
            type="checkbox"
            className="size-4 accent-accent"
            checked={filter.old}
            onChange={(event) => onChange({ old: event.target.checked })}
          />
          {t("memory.filter.old")}
        </label>
      )}
      {isFiltered(filter) && (
        <Button
          size="sm"
          look="ghost"
          className="justify-self-start"
          onClick={() => onChange({ chat: null, agent: null, kind: null, span: null })}
        >
          <X aria-hidden className="size-4" />
          {t("memory.filter.clear")}
        </Button>
      )}
    </fieldset>
  );
}

/** The chats to choose from; the chosen one is always among them. */
function useChatOptions(chosen: number | null, memories: readonly Memory[]) {
  const { t } = useTranslation();
  const { data } = useChats();
  const titles = new Map<number, string>();
  for (const { session_id, session_title } of memories) {
    if (session_id !== null) titles.set(session_id, session_title || t("chats.untitled"));
  }
  const options = (data?.pages ?? [])
    .flatMap((page) => page.items)
    .map(({ id, title }) => ({ value: String(id), label: title || t("chats.untitled") }));
  if (chosen === null || options.some(({ value }) => value === String(chosen))) return options;
  return [{ value: String(chosen), label: titles.get(chosen) ?? t("memory.filter.thisChat") }, ...options];
}
