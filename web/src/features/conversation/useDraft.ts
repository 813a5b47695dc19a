import { useCallback, useState } from "react";
import { readStored, writeStored } from "@/lib/storage";

/** What is being written in one chat; it survives a reload and a lost sign-in. `place`: the chat's id, or "new". */
export function useDraft(userId: number, place: string) {
  const key = `artel.draft.${userId}.${place}`;
  const [draft, setState] = useState(() => readStored(key) ?? "");
  const setDraft = useCallback(
    (text: string) => {
      setState(text);
      writeStored(key, text);
    },
    [key],
  );
  return [draft, setDraft] as const;
}
