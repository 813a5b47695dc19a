import { useState } from "react";
import { useTranslation } from "react-i18next";
import { MAX_PROFILE, useProfile, useSaveProfile } from "@/api/memory";
import { ApiError } from "@/api/problem";
import type { MemoryProfile } from "@/api/types";
import { cx } from "@/lib/cx";
import { shortTime, wholeNumber } from "@/lib/format";
import { useSpace } from "@/live/LiveProvider";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { Field, TextArea } from "@/ui/Field";
import { errorText } from "@/ui/failures";
import { Skeleton } from "@/ui/Skeleton";
import { Switch } from "@/ui/Switch";
import { useToast } from "@/ui/toasts";

/** What every agent is told about the user, and whether facts are learned from chats. */
export function ProfileEditor() {
  const { t } = useTranslation();
  const { data: profile, isError, error, refetch } = useProfile();
  if (isError) {
    return (
      <EmptyState
        inner
        title={t("memory.profile.loadFailed")}
        text={errorText(t, error)}
        action={{ label: t("common.retry"), run: () => void refetch() }}
      />
    );
  }
  if (!profile) return <Skeleton className="h-64 rounded-2xl" />;
  return (
    <>
      <ProfileText profile={profile} />
      <LearnSwitch profile={profile} />
    </>
  );
}

function ProfileText({ profile }: { profile: MemoryProfile }) {
  const { t, i18n } = useTranslation();
  const space = useSpace();
  const toast = useToast();
  const save = useSaveProfile();
  /** Null: as it is stored, whoever changes that. */
  const [written, setWritten] = useState<string | null>(null);
  const text = written ?? profile.text;
  // As the server counts: characters, not what JavaScript takes for one.
  const length = [...text].length;
  const tooLong = length > MAX_PROFILE;
  const changed = text !== profile.text;
  const number = (value: number) => wholeNumber(value, i18n.language);
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(
          { text, learn: profile.learn },
          {
            onSuccess: () => {
              setWritten(null);
              space.changed("memory");
              toast({ title: t("memory.profile.saved") });
            },
          },
        );
      }}
    >
      <Field
        label={t("memory.profile.label")}
        hint={t("memory.profile.hint")}
        error={
          tooLong
            ? t("memory.profile.tooLong", { limit: number(MAX_PROFILE) })
            : save.isError
              ? (save.error instanceof ApiError && save.error.fields.text) || errorText(t, save.error)
              : null
        }
      >
        {(control) => (
          <TextArea
            {...control}
            rows={10}
            value={text}
            placeholder={t("memory.profile.placeholder")}
            onChange={(event) => setWritten(event.target.value)}
          />
        )}
      </Field>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Button type="submit" look="primary" busy={save.isPending} disabled={!changed || tooLong}>
          {t("common.save")}
        </Button>
        {changed && (
          <Button look="ghost" onClick={() => setWritten(null)}>
            {t("memory.profile.undo")}
          </Button>
        )}
        <span
          className={cx("ml-auto text-[0.87rem] tabular-nums", tooLong ? "text-danger" : "text-ink-soft")}
        >
          {t("memory.profile.length", { length: number(length), limit: number(MAX_PROFILE) })}
        </span>
      </div>
      {profile.updated_at && !changed && (
        <p className="text-[0.87rem] text-ink-faint">
          {t("memory.profile.updated", { date: shortTime(profile.updated_at, i18n.language) })}
        </p>
      )}
    </form>
  );
}

function LearnSwitch({ profile }: { profile: MemoryProfile }) {
  const { t } = useTranslation();
  const space = useSpace();
  const toast = useToast();
  const save = useSaveProfile();
  return (
    <div className="flex items-center justify-between gap-4 border-line border-t pt-5">
      <span>
        <span className="block font-medium text-[0.93rem]">{t("memory.profile.learn")}</span>
        <span className="block text-[0.87rem] text-ink-soft">{t("memory.profile.learnHint")}</span>
      </span>
      <Switch
        checked={save.isPending ? save.variables.learn : profile.learn}
        label={t("memory.profile.learn")}
        disabled={save.isPending}
        onChange={(learn) =>
          save.mutate(
            { text: profile.text, learn },
            {
              onSuccess: () => space.changed("memory"),
              onError: (error) => toast({ title: errorText(t, error) }),
            },
          )
        }
      />
    </div>
  );
}
