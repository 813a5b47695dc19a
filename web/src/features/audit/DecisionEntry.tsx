import { ChevronRight, CircleCheck, CircleSlash, Clock, type LucideIcon, Workflow } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Actor, Agent, AuditEntry } from "@/api/types";
import { cx } from "@/lib/cx";
import { deviceOf } from "@/lib/device";
import { shortTime } from "@/lib/format";
import { briefOf, handleOf } from "@/ui/tools/known";
import { ToolIcon } from "@/ui/tools/ToolIcon";
import { useToolName } from "@/ui/tools/useToolName";
import { Fields } from "@/ui/tools/Value";
import { verdictOf, withoutFiles, yesOf } from "@/ui/tools/verdict";

const LOOKS: Record<AuditEntry["action"], { icon: LucideIcon; tone: string }> = {
  confirmed: { icon: CircleCheck, tone: "text-ok" },
  rejected: { icon: CircleSlash, tone: "text-danger" },
  expired: { icon: Clock, tone: "text-ink-soft" },
  denied: { icon: CircleSlash, tone: "text-ink-soft" },
};

/** One decision: what was decided about what, by whom and when; opened, with all arguments. */
export function DecisionEntry({ entry, agents }: { entry: AuditEntry; agents: Agent[] }) {
  const { t, i18n } = useTranslation();
  const id = useId();
  const [open, setOpen] = useState(false);
  const tool = useToolName(entry.tool_id ?? "");
  const { icon: Icon, tone } = LOOKS[entry.action];
  const agent =
    agents.find((candidate) => candidate.agent_id === entry.agent_id)?.name ??
    (entry.agent_id && handleOf(entry.agent_id));
  const args = entry.arguments;
  const detail = isObject(entry.detail) ? entry.detail : {};
  const reason = typeof detail.reason === "string" ? detail.reason : null;
  const verdict =
    entry.action === "denied"
      ? t("call.denied")
      : entry.tool_id
        ? verdictOf(t, entry.action, reason, detail)
        : reason;
  const result = withoutFiles(yesOf(detail).result?.value);
  const brief = isObject(args) && entry.tool_id ? briefOf(entry.tool_id, args) : "";
  return (
    <li>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        className="flex w-full items-start gap-3 px-4 py-3 text-left hover:bg-sunken focus-visible:outline-offset-[-2px]"
      >
        <span className="mt-0.5 shrink-0 text-ink-soft">
          {entry.tool_id ? <ToolIcon toolId={entry.tool_id} /> : <Workflow aria-hidden className="size-4" />}
        </span>
        <span className="min-w-0 flex-1">
          <span className="flex flex-wrap items-baseline gap-x-2">
            <span className="font-medium">{entry.tool_id ? tool : t("audit.plan")}</span>
            {agent && <span className="text-ink-soft">{agent}</span>}
            <span className={cx("inline-flex items-center gap-1 self-center text-[0.87rem]", tone)}>
              <Icon aria-hidden className="size-3.5" />
              {t(`audit.action.${entry.action}`)}
            </span>
          </span>
          {brief && <span className="block truncate text-[0.9rem] text-ink-soft">{brief}</span>}
          <span className="block text-[0.84rem] text-ink-soft">
            <time dateTime={entry.at}>{shortTime(entry.at, i18n.language)}</time>
            {" · "}
            {whoOf(entry.actor)}
          </span>
        </span>
        <ChevronRight
          aria-hidden
          className={cx("mt-1 size-4 shrink-0 text-ink-faint transition-transform", open && "rotate-90")}
        />
      </button>
      {open && (
        <div id={id} className="flex flex-col gap-3 px-4 pb-4 text-[0.9rem] sm:pl-11">
          {verdict && <p className="break-words text-ink-soft">{verdict}</p>}
          {isObject(args) && <Part title={t("audit.arguments")} value={args} />}
          {isObject(result) && <Part title={t("audit.result")} value={result} />}
          {entry.session_id !== null && (
            <Link
              href={`/chat/${entry.session_id}`}
              className="self-start rounded font-medium text-accent-text hover:underline"
            >
              {t("audit.chat")}
            </Link>
          )}
        </div>
      )}
    </li>
  );

  function whoOf({ kind, name }: Actor): string {
    if (kind === "browser") return t("ask.by.browser", { name: deviceOf(name) ?? t("ask.someBrowser") });
    if (kind === "api_key") return t("ask.by.api_key", { name: name ?? t("ask.someKey") });
    return t(`ask.by.${kind}`);
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.keys(value).length > 0;

function Part({ title, value }: { title: string; value: Record<string, unknown> }) {
  return (
    <div className="min-w-0">
      <p className="mb-1 text-[0.8rem] text-ink-faint">{title}</p>
      <Fields value={value} />
    </div>
  );
}
