import { useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "@/lib/cx";

/** Longer texts are cut until somebody wants to read them. */
const LONG = 420;
const MANY_LINES = 6;

export function MemoryText({ text, faded }: { text: string; faded: boolean }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const long = text.length > LONG || text.split("\n").length > MANY_LINES;
  return (
    <>
      <p
        className={cx(
          "whitespace-pre-wrap leading-relaxed [overflow-wrap:anywhere]",
          long && !open && "line-clamp-5",
          faded && "text-ink-faint line-through decoration-line-strong/60",
        )}
      >
        {text}
      </p>
      {long && (
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="mt-0.5 rounded font-medium text-[0.87rem] text-accent-text hover:underline"
        >
          {t(open ? "memory.less" : "memory.all")}
        </button>
      )}
    </>
  );
}
