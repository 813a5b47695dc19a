import { Inbox } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { useApprovals } from "@/api/approvals";
import { cx } from "@/lib/cx";

/** The way to all that waits for the user, with how much that is. */
export function InboxLink({ onOpen }: { onOpen: () => void }) {
  const { t } = useTranslation();
  const [path] = useLocation();
  const { data: approvals = [] } = useApprovals();
  const current = path === "/inbox";
  return (
    <Link
      href="/inbox"
      onClick={onOpen}
      aria-current={current ? "page" : undefined}
      className={cx(
        "mt-1 flex h-9 items-center gap-2.5 rounded-lg px-3 text-[0.93rem]",
        current ? "bg-hover font-medium" : "hover:bg-hover/70",
      )}
    >
      <Inbox aria-hidden className="size-4 text-ink-soft" />
      {t("app.inbox")}
      {approvals.length > 0 && (
        <span className="ml-auto rounded-full bg-accent px-2 font-medium text-[0.8rem] text-accent-ink tabular-nums">
          <span aria-hidden>{approvals.length}</span>
          <span className="sr-only">{t("app.inboxCount", { count: approvals.length })}</span>
        </span>
      )}
    </Link>
  );
}
