import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useGoing, useRetention, useSaveRetention } from "@/api/mine";
import type { Retention, RetentionTerms } from "@/api/types";
import { Button } from "@/ui/Button";
import { Confirm } from "@/ui/Confirm";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { Select } from "@/ui/Select";
import { Skeleton } from "@/ui/Skeleton";
import { useToast } from "@/ui/toasts";
import { daysOf, KINDS, type Kind, useDaysText, useGoingText } from "./words";

const CHOICES = [30, 90, 180, 365, 730];
const SHORTEST: Partial<Record<Kind, number>> = { usage: 62 };

/** How long things are kept; what would go is said before. */
export function RetentionPart() {
  const { t } = useTranslation();
  const { data: retention, error, refetch } = useRetention();
  return (
    <section aria-labelledby="retention-title" className="flex flex-col gap-3">
      <div>
        <h3 id="retention-title" className="font-medium">
          {t("data.retentionTitle")}
        </h3>
        <p className="text-ink-soft">{t("data.retentionText")}</p>
      </div>
      {retention && <Editor key={JSON.stringify(termsOf(retention))} retention={retention} />}
      {!retention && !error && <Skeleton className="h-40" />}
      {error && (
        <Notice
          tone="danger"
          actions={
            <Button size="sm" onClick={() => void refetch()}>
              {t("common.retry")}
            </Button>
          }
        >
          {errorText(t, error)}
        </Notice>
      )}
    </section>
  );
}

function Editor({ retention }: { retention: Retention }) {
  const { t } = useTranslation();
  const toast = useToast();
  const goingText = useGoingText();
  const save = useSaveRetention();
  const before = termsOf(retention);
  const [terms, setTerms] = useState(before);
  const [asking, setAsking] = useState(false);
  const { data: going, isPlaceholderData } = useGoing(terms);
  const what = going && !isPlaceholderData ? goingText(going) : null;
  const changed = KINDS.some((kind) => daysOf(terms, kind) !== daysOf(before, kind));

  const store = () =>
    save.mutate(terms, {
      onSuccess: () => toast({ title: t("data.saved") }),
      onSettled: () => setAsking(false),
    });

  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (what) setAsking(true);
        else store();
      }}
    >
      <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
        {KINDS.map((kind) => (
          <Row
            key={kind}
            kind={kind}
            days={daysOf(terms, kind)}
            bound={daysOf(retention.bounds, kind)}
            onChange={(days) => setTerms({ ...terms, [`${kind}_days`]: days })}
          />
        ))}
      </ul>
      {changed && going && !isPlaceholderData && (
        <Notice tone={what ? "warn" : "info"} live>
          {what ? t("data.goes", { what }) : t("data.nothingGoes")}
        </Notice>
      )}
      {save.isError && (
        <Notice tone="danger" live>
          {errorText(t, save.error)}
        </Notice>
      )}
      <div>
        <Button type="submit" busy={save.isPending} disabled={!changed || isPlaceholderData || !going}>
          {t("common.save")}
        </Button>
      </div>
      {asking && what && (
        <Confirm
          open
          title={t("data.sureTitle")}
          text={t("data.goes", { what })}
          action={t("data.sureAction")}
          busy={save.isPending}
          onConfirm={store}
          onClose={() => setAsking(false)}
        />
      )}
    </form>
  );
}

interface RowProps {
  kind: Kind;
  days: number | null;
  bound: number | null;
  onChange: (days: number | null) => void;
}

function Row({ kind, days, bound, onChange }: RowProps) {
  const { t } = useTranslation();
  const daysText = useDaysText();
  const offered = CHOICES.filter((each) => each >= (SHORTEST[kind] ?? 1) && each <= (bound ?? each));
  const choices =
    days === null || offered.includes(days) ? offered : [...offered, days].sort((a, b) => a - b);
  const id = `retention-${kind}`;
  return (
    <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-60">
        <label htmlFor={id} className="font-medium text-[0.93rem]">
          {t(`data.kinds.${kind}`)}
        </label>
        <p id={`${id}-hint`} className="text-[0.87rem] text-ink-soft">
          {t(`data.hints.${kind}`)}
          {bound !== null && ` ${t("data.bounded", { days: daysText(bound) })}`}
        </p>
      </div>
      <Select
        id={id}
        aria-describedby={`${id}-hint`}
        value={days === null ? "" : String(days)}
        options={[
          { value: "", label: t("data.forever") },
          ...choices.map((each) => ({ value: String(each), label: daysText(each) })),
        ]}
        onChange={(value) => onChange(value === "" ? null : Number(value))}
      />
    </li>
  );
}

function termsOf({
  chats_days,
  files_days,
  memories_days,
  decisions_days,
  usage_days,
}: Retention): RetentionTerms {
  return { chats_days, files_days, memories_days, decisions_days, usage_days };
}
