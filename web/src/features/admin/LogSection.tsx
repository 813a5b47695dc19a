import { useTranslation } from "react-i18next";
import { type AdminDeed, useAdminLog } from "@/api/admin";
import { shortTime } from "@/lib/format";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { detailsOf } from "./deeds";

/** What administrators did, the newest first. */
export function LogSection() {
  const { t } = useTranslation();
  const log = useAdminLog();
  const deeds = log.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="flex flex-col gap-4">
      <p className="text-ink-soft">{t("admin.log.text")}</p>
      {log.isPending && <Skeleton className="h-40 rounded-2xl" />}
      {log.error && <Notice tone="danger">{errorText(t, log.error)}</Notice>}
      {log.isSuccess && deeds.length === 0 && <p className="text-ink-soft">{t("admin.log.none")}</p>}
      {deeds.length > 0 && (
        <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
          {deeds.map((deed) => (
            <Row key={deed.id} deed={deed} />
          ))}
        </ul>
      )}
      {log.hasNextPage && (
        <Button
          className="self-center"
          busy={log.isFetchingNextPage}
          onClick={() => void log.fetchNextPage()}
        >
          {t("admin.more")}
        </Button>
      )}
    </div>
  );
}

function Row({ deed }: { deed: AdminDeed }) {
  const { t, i18n } = useTranslation();
  const details = detailsOf(deed, t, i18n.language);
  return (
    <li className="px-4 py-2.5">
      <p className="flex flex-wrap justify-between gap-x-4">
        <span>
          {deed.actor === null ? t("admin.log.server") : t("admin.log.actor", { id: deed.actor })}:{" "}
          {t(`admin.log.actions.${deed.action as "change"}`)}
          {deed.account_id !== null && deed.account_id !== deed.actor && (
            <> {t("admin.log.about", { id: deed.account_id })}</>
          )}
        </span>
        <span className="text-[0.87rem] text-ink-soft">{shortTime(deed.created_at, i18n.language)}</span>
      </p>
      {details && <p className="break-words text-[0.87rem] text-ink-soft">{details}</p>}
    </li>
  );
}
