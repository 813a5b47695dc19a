import { useState } from "react";
import { readStored, writeStored } from "@/lib/storage";
import type { AgentForm } from "./form";

/**
 * A form whose changes survive a reload and a look at another page, until they are saved or given up.
 * `place`: which agent the form is about.
 */
export function useKeptForm(place: string, initial: AgentForm) {
  const key = `artel.agent-draft.${place}`;
  const [form, setForm] = useState(() => ({ ...initial, ...kept(key) }));
  const change = (part: Partial<AgentForm>) => {
    const next = { ...form, ...part };
    setForm(next);
    writeStored(key, JSON.stringify(next), () => sessionStorage);
  };
  const forget = () => writeStored(key, null, () => sessionStorage);
  return { form, change, forget };
}

function kept(key: string): AgentForm | null {
  try {
    return JSON.parse(readStored(key, () => sessionStorage) ?? "null") as AgentForm | null;
  } catch {
    return null;
  }
}
