import { useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "@/lib/cx";
import { useHold } from "@/ui/hold";

const LINES = 8;
const CHARACTERS = 700;

/** A text as it is, with its line breaks; a long one shows its beginning first. */
export function LongText({ text }: { text: string }) {
  const { t } = useTranslation();
  const hold = useHold();
  const [open, setOpen] = useState(false);
  const long = text.length > CHARACTERS || text.split("\n").length > LINES;
  return (
    <div className="rounded-lg bg-sunken px-3 py-2">
      <p
        className={cx(
          "whitespace-pre-wrap break-words font-mono text-[0.84rem] leading-relaxed",
          long && !open && "line-clamp-8",
        )}
      >
        {text}
      </p>
      {long && (
        <button
          type="button"
          aria-expanded={open}
          onClick={() => {
            hold();
            setOpen(!open);
          }}
          className="mt-1 rounded font-medium text-[0.84rem] text-accent-text hover:underline"
        >
          {t(open ? "call.less" : "call.more")}
        </button>
      )}
    </div>
  );
}
