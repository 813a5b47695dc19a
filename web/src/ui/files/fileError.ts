import type { TFunction } from "i18next";
import { ApiError, isPassing } from "@/api/problem";
import { fileSize } from "@/lib/format";
import { errorText } from "@/ui/failures";

/** A file that is larger than the server takes; `limit` in bytes. */
export class FileTooLarge extends Error {
  constructor(readonly limit: number) {
    super("too large");
  }
}

/** Whether to send the same file again may help. */
export const mayHelp = (error: unknown) =>
  isPassing(error) || (error instanceof ApiError && [401, 409].includes(error.status));

/** Why a file was not taken, in the user's own language. */
export function fileError(t: TFunction, error: unknown, language: string): string {
  if (error instanceof FileTooLarge) {
    return t("files.tooLarge", { limit: fileSize(error.limit, language) });
  }
  return errorText(t, error);
}
