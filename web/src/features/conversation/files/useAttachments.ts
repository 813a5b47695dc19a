import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { UserFile } from "@/api/types";
import { randomId } from "@/lib/random";
import { readStored, writeStored } from "@/lib/storage";
import {
  type Attachment,
  chosen,
  isOnItsWay,
  keptFiles,
  MOST_FILES,
  readKept,
  uploaded,
} from "./attachments";
import { Uploader } from "./uploader";

export interface Attachments {
  items: readonly Attachment[];
  /** Not everything is with the server yet. */
  busy: boolean;
  failed: boolean;
  /** So many were chosen beyond what one message takes. */
  leftOut: number;
  add: (files: readonly File[]) => void;
  remove: (key: string) => void;
  again: (key: string) => void;
  /** The files for the message that is sent now; the next one begins without. */
  take: () => UserFile[];
  /** Those of a message that was not sent. */
  putBack: (files: readonly UserFile[]) => void;
}

/** What goes with the next message of a chat; what is uploaded survives a reload. `place`: the chat's id, or "new". */
export function useAttachments(userId: number, place: string): Attachments {
  const storage = `artel.files.${userId}.${place}`;
  const [items, setItems] = useState<readonly Attachment[]>(() => readKept(readStored(storage)));
  const [leftOut, setLeftOut] = useState(0);
  const latest = useRef(items);
  const uploader = useRef<Uploader | null>(null);
  useEffect(() => () => uploader.current?.stop(), []);

  const change = useCallback(
    (next: (items: readonly Attachment[]) => readonly Attachment[]) => {
      latest.current = next(latest.current);
      setItems(latest.current);
      const kept = keptFiles(latest.current);
      writeStored(storage, kept.length > 0 ? JSON.stringify(kept) : null);
    },
    [storage],
  );

  return useMemo(() => {
    const changeOne = (key: string, part: Partial<Attachment>) =>
      change((all) => all.map((one) => (one.key === key ? { ...one, ...part } : one)));
    const uploads = () => {
      uploader.current ??= new Uploader(changeOne);
      return uploader.current;
    };
    return {
      items,
      busy: items.some(isOnItsWay),
      failed: items.some(({ status }) => status === "failed"),
      leftOut,
      add: (files) => {
        const room = Math.max(0, MOST_FILES - latest.current.length);
        const taken = files.slice(0, room).map((file) => ({ key: randomId(), file }));
        setLeftOut(files.length - taken.length);
        change((all) => [...all, ...taken.map(({ key, file }) => chosen(key, file))]);
        for (const { key, file } of taken) uploads().add(key, file);
      },
      remove: (key) => {
        uploads().drop(key);
        setLeftOut(0);
        change((all) => all.filter((one) => one.key !== key));
      },
      again: (key) => uploads().again(key),
      take: () => {
        const kept = keptFiles(latest.current);
        setLeftOut(0);
        change(() => []);
        return kept;
      },
      putBack: (files) =>
        change((all) => [
          ...all,
          ...files.filter(({ id }) => !all.some(({ kept }) => kept?.id === id)).map(uploaded),
        ]),
    };
  }, [items, leftOut, change]);
}
