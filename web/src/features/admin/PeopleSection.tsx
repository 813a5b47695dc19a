import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Account, useAccounts } from "@/api/admin";
import type { Me } from "@/api/types";
import { fileSize, relativeTime, shortMoney, wholeNumber } from "@/lib/format";
import { Button } from "@/ui/Button";
import { TextInput } from "@/ui/Field";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { AccountDialog } from "./AccountDialog";

/** Everybody who has an account, with sums of this month. */
export function PeopleSection({ me }: { me: Me }) {
  const { t } = useTranslation();
  const [q, setQ] = useState("");
  const [managed, setManaged] = useState<number | null>(null);
  const accounts = useAccounts(useDeferredValue(q.trim()));
  const people = accounts.data?.pages.flatMap((page) => page.items) ?? [];
  const open = people.find(({ id }) => id === managed);
  return (
    <div className="flex flex-col gap-4">
      <p className="text-ink-soft">{t("admin.people.text")}</p>
      <TextInput
        type="search"
        aria-label={t("admin.people.search")}
        placeholder={t("admin.people.search")}
        value={q}
        onChange={(event) => setQ(event.target.value)}
      />
      {accounts.isPending && <Skeleton className="h-40 rounded-2xl" />}
      {accounts.error && <Notice tone="danger">{errorText(t, accounts.error)}</Notice>}
      {accounts.isSuccess && people.length === 0 && <p className="text-ink-soft">{t("admin.people.none")}</p>}
      {people.length > 0 && (
        <ul className="flex flex-col gap-3 md:gap-0 md:overflow-clip md:rounded-2xl md:border md:border-line md:bg-raised">
          {people.map((account) => (
            <Row
              key={account.id}
              account={account}
              own={account.id === me.id}
              onManage={() => setManaged(account.id)}
            />
          ))}
        </ul>
      )}
      {accounts.hasNextPage && (
        <Button
          className="self-center"
          busy={accounts.isFetchingNextPage}
          onClick={() => void accounts.fetchNextPage()}
        >
          {t("admin.more")}
        </Button>
      )}
      {open && <AccountDialog account={open} own={open.id === me.id} onClose={() => setManaged(null)} />}
    </div>
  );
}

function Row({ account, own, onManage }: { account: Account; own: boolean; onManage: () => void }) {
  const { t, i18n } = useTranslation();
  const { sums } = account;
  const limited = Object.values(account.limits).some((value) => value !== null);
  const seen = sums?.last_seen
    ? t("admin.people.seen", { date: relativeTime(sums.last_seen, i18n.language) })
    : t("admin.people.never");
  return (
    <li className="grid gap-x-4 gap-y-2 rounded-2xl border border-line bg-raised p-4 md:grid-cols-[minmax(0,5fr)_minmax(0,6fr)_auto] md:items-center md:rounded-none md:border-x-0 md:border-t-0 md:last:border-b-0 md:py-3">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="min-w-0 break-all font-medium">{account.email}</span>
          {own && <span className="text-[0.87rem] text-ink-faint">{t("admin.people.you")}</span>}
          {account.role === "admin" && <Mark>{t("admin.people.admin")}</Mark>}
          {!account.is_active && <Mark danger>{t("admin.people.disabled")}</Mark>}
          {limited && <Mark>{t("admin.people.limited")}</Mark>}
        </p>
        <p className="text-[0.87rem] text-ink-soft">
          № {account.id} · {sums && seen}
        </p>
      </div>
      {sums ? (
        <p className="text-[0.87rem] text-ink-soft tabular-nums">
          {[
            t("admin.people.runs", { count: sums.runs }),
            t("admin.people.tokens", { value: wholeNumber(sums.tokens, i18n.language) }),
            shortMoney(sums.cost ?? "$0.00"),
            t("admin.people.agents", { count: sums.agents }),
            fileSize(sums.storage_bytes, i18n.language),
          ].join(" · ")}
        </p>
      ) : (
        <p className="text-[0.87rem] text-danger">{t("admin.people.noSums")}</p>
      )}
      <Button size="sm" aria-label={t("admin.people.manageOf", { email: account.email })} onClick={onManage}>
        {t("admin.people.manage")}
      </Button>
    </li>
  );
}

function Mark({ danger, children }: { danger?: boolean; children: string }) {
  const tone = danger ? "bg-danger-soft text-danger" : "bg-accent-soft text-accent-text";
  return <span className={`rounded-full px-2 py-0.5 text-[0.8rem] ${tone}`}>{children}</span>;
}
