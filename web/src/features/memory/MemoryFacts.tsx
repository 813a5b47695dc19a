import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Memory } from "@/api/types";
import { cx } from "@/lib/cx";
import { shortTime } from "@/lib/format";
import { placeOf } from "@/ui/memory/source";
import { whyOf } from "@/ui/memory/words";

/** Whose words a memory is made of, from which chat and when, and what became of it since. */
export function MemoryFacts({ memory, title }: { memory: Memory; title: string }) {
  const { t, i18n } = useTranslation();
  const why = whyOf(t, memory);
  const message = memory.source?.kind === "message" ? memory.source.id : null;
  return (
    <div className="mt-1.5 flex flex-wrap items-center gap-x-2 gap-y-1 text-[0.84rem] text-ink-soft">
      {why && <Badge tone="accent">{why}</Badge>}
      <span className="min-w-0 truncate">{title}</span>
      {memory.session_id !== null && (
        <Link
          href={placeOf(memory.session_id, message)}
          title={t("memory.goTo")}
          className="min-w-0 max-w-full truncate rounded text-accent-text hover:underline"
        >
          {memory.session_title || t("chats.untitled")}
        </Link>
      )}
      <time dateTime={memory.created_at} className="shrink-0">
        {shortTime(memory.created_at, i18n.language)}
      </time>
      {memory.superseded_by !== null && (
        <Badge tone="warn" title={t("memory.supersededText")}>
          {t("memory.superseded")}
        </Badge>
      )}
      {memory.edited_at && (
        <Badge title={shortTime(memory.edited_at, i18n.language)}>{t("memory.wasEdited")}</Badge>
      )}
      {!memory.indexed && memory.superseded_by === null && (
        <Badge title={t("memory.notYetText")}>{t("memory.notYet")}</Badge>
      )}
    </div>
  );
}

const TONES = {
  plain: "bg-hover",
  accent: "bg-accent-soft text-accent-text",
  warn: "bg-warn-soft text-warn",
};

function Badge({
  children,
  tone = "plain",
  title,
}: {
  children: ReactNode;
  tone?: keyof typeof TONES;
  title?: string;
}) {
  return (
    <span title={title} className={cx("shrink-0 rounded-full px-2 py-px text-[0.8rem]", TONES[tone])}>
      {children}
    </span>
  );
}
