import { useTranslation } from "react-i18next";
import type { Extent, RetentionTerms, TooOld } from "@/api/types";
import { fileSize } from "@/lib/format";

export const KINDS = ["chats", "files", "memories", "decisions", "usage"] as const;
export type Kind = (typeof KINDS)[number];

export const daysOf = (terms: RetentionTerms, kind: Kind) => terms[`${kind}_days`];

/** "12 chats, 340 messages, 25 files (85 MB)"; without files "12 chats, 340 messages". */
export function useExtentText(): (extent: Extent) => string {
  const { t, i18n } = useTranslation();
  return (extent) =>
    t(extent.files ? "data.extent" : "data.extentPlain", {
      chats: t("data.chats", { count: extent.chats }),
      messages: t("data.messages", { count: extent.messages }),
      files: t("data.files", { count: extent.files }),
      size: fileSize(extent.file_bytes, i18n.language),
    });
}

/** "3 chats, 2 files"; null when nothing goes. */
export function useGoingText(): (going: TooOld) => string | null {
  const { t, i18n } = useTranslation();
  return (going) => {
    const parts = KINDS.filter((kind) => going[kind] > 0).map((kind) =>
      t(`data.${kind}`, { count: going[kind] }),
    );
    return parts.length ? new Intl.ListFormat(i18n.language, { type: "conjunction" }).format(parts) : null;
  };
}

/** "30 days", "2 years". */
export function useDaysText(): (days: number) => string {
  const { t } = useTranslation();
  return (days) =>
    days % 365 === 0 ? t("data.years", { count: days / 365 }) : t("data.days", { count: days });
}
