import { Inbox } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useApprovals } from "@/api/approvals";
import { SideLink } from "@/ui/SideLink";

/** The way to all that waits for the user, with how much that is. */
export function InboxLink({ onOpen }: { onOpen: () => void }) {
  const { t } = useTranslation();
  const [path] = useLocation();
  const { data: approvals = [] } = useApprovals();
  return (
    <SideLink href="/inbox" icon={Inbox} current={path === "/inbox"} onOpen={onOpen} className="mt-1">
      {t("app.inbox")}
      {approvals.length > 0 && (
        <span className="ml-auto rounded-full bg-accent px-2 font-medium text-[0.8rem] text-accent-ink tabular-nums">
          <span aria-hidden>{approvals.length}</span>
          <span className="sr-only">{t("app.inboxCount", { count: approvals.length })}</span>
        </span>
      )}
    </SideLink>
  );
}
