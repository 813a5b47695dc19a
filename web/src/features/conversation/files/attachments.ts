import type { UserFile } from "@/api/types";

export const MOST_FILES = 10;

/** A file that is about to go with the next message. */
export interface Attachment {
  key: string;
  name: string;
  size: number;
  mediaType: string;
  status: "waiting" | "uploading" | "ready" | "failed";
  /** How much of it has left, from 0 to 1. */
  progress: number;
  /** As the server keeps it. */
  kept: UserFile | null;
  error: unknown;
}

export const chosen = (key: string, file: File): Attachment => ({
  key,
  name: file.name,
  size: file.size,
  mediaType: file.type,
  status: "waiting",
  progress: 0,
  kept: null,
  error: null,
});

export const uploaded = (kept: UserFile): Attachment => ({
  key: kept.id,
  name: kept.name,
  size: kept.size,
  mediaType: kept.media_type,
  status: "ready",
  progress: 1,
  kept,
  error: null,
});

export const isOnItsWay = ({ status }: Attachment) => status === "waiting" || status === "uploading";

export const keptFiles = (attachments: readonly Attachment[]): UserFile[] =>
  attachments.flatMap(({ kept }) => (kept ? [kept] : []));

/** What was kept with a draft; nothing when it is not readable. */
export function readKept(stored: string | null): Attachment[] {
  try {
    const kept: unknown = JSON.parse(stored ?? "[]");
    return Array.isArray(kept) ? (kept as UserFile[]).map(uploaded) : [];
  } catch {
    return [];
  }
}
