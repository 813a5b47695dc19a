import { useTranslation } from "react-i18next";
import { LongText } from "./LongText";

/** Texts longer than this, or of several lines, stand in a box of their own. */
const SHORT = 120;
const DEEPEST = 3;
const MOST = 50;

/** Any JSON as people read it. Addresses are texts, never links: they come from a model. */
export function Value({ value, depth = 0 }: { value: unknown; depth?: number }) {
  const { t } = useTranslation();
  if (value === null || value === undefined || value === "") {
    return <span className="text-ink-faint">{t("call.nothing")}</span>;
  }
  if (typeof value === "boolean") return <span>{t(value ? "call.yes" : "call.no")}</span>;
  if (typeof value === "string") return <Text text={value} />;
  if (typeof value !== "object") return <span className="tabular-nums">{String(value)}</span>;
  if (depth >= DEEPEST) return <LongText text={JSON.stringify(value, null, 2)} />;
  return Array.isArray(value) ? <List items={value} depth={depth} /> : <Fields value={value} depth={depth} />;
}

function Text({ text }: { text: string }) {
  if (text.length > SHORT || text.includes("\n")) return <LongText text={text} />;
  return <span className="break-words [overflow-wrap:anywhere]">{text}</span>;
}

function List({ items, depth }: { items: unknown[]; depth: number }) {
  const { t } = useTranslation();
  if (items.length === 0) return <span className="text-ink-faint">{t("call.emptyList")}</span>;
  if (items.length > MOST) return <LongText text={JSON.stringify(items, null, 2)} />;
  return (
    <ol className="flex flex-col gap-1.5">
      {items.map((item, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a value that never changes
        <li key={index} className="border-line border-l-2 pl-2.5">
          <Value value={item} depth={depth + 1} />
        </li>
      ))}
    </ol>
  );
}

/** Names and values of an object. */
export function Fields({ value, depth = 0 }: { value: object; depth?: number }) {
  const { t } = useTranslation();
  const entries = Object.entries(value);
  if (entries.length === 0) return <span className="text-ink-faint">{t("call.nothing")}</span>;
  if (entries.length > MOST) return <LongText text={JSON.stringify(value, null, 2)} />;
  return (
    <dl className="flex flex-col gap-1.5 text-[0.9rem]">
      {entries.map(([name, each]) => (
        <div key={name} className="flex flex-col gap-x-3 sm:flex-row">
          <dt className="shrink-0 break-words text-ink-soft sm:w-28">{name.replaceAll("_", " ")}</dt>
          <dd className="min-w-0 flex-1">
            <Value value={each} depth={depth + 1} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
