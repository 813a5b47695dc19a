import type { TFunction } from "i18next";
import { ApiError, NetworkError } from "@/api/problem";
import { errorText } from "@/ui/failures";

/** Why an answer did not arrive, and what to do about it. */
export function answerText(t: TFunction, error: unknown): string {
  if (error instanceof NetworkError) return t("ask.offline");
  if (error instanceof ApiError && (error.status === 429 || error.status === 503)) {
    return error.retryAfterSeconds
      ? t("ask.busy", { seconds: Math.ceil(error.retryAfterSeconds) })
      : t("ask.busySoon");
  }
  return errorText(t, error);
}
