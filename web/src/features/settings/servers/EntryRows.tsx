import { Plus, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import { TextInput } from "@/ui/Field";
import { IconButton } from "@/ui/IconButton";
import { type Entry, newEntry } from "./entries";

interface EntryRowsProps {
  label: string;
  hint: string;
  more: string;
  /** Names that may be meant. */
  suggestion: string;
  entries: Entry[];
  problem?: string;
  onChange: (entries: Entry[]) => void;
}

/** Names with secret values: headers, or variables of an environment. */
export function EntryRows({ label, hint, more, suggestion, entries, problem, onChange }: EntryRowsProps) {
  const { t } = useTranslation();
  const change = (key: number, part: Partial<Entry>) =>
    onChange(entries.map((entry) => (entry.key === key ? { ...entry, ...part } : entry)));
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1.5 font-medium text-[0.93rem]">{label}</legend>
      {entries.map((entry, index) => (
        <div key={entry.key} className="flex items-start gap-2">
          <div className="flex min-w-0 flex-1 flex-col gap-1.5 sm:flex-row">
            <TextInput
              aria-label={t("servers.entryName", { number: index + 1 })}
              value={entry.name}
              placeholder={suggestion}
              spellCheck={false}
              autoComplete="off"
              autoCapitalize="off"
              onChange={(event) => change(entry.key, { name: event.target.value })}
            />
            <TextInput
              aria-label={t("servers.entryValue", { number: index + 1 })}
              type="password"
              placeholder={t("servers.value")}
              value={entry.value}
              spellCheck={false}
              autoComplete="new-password"
              onChange={(event) => change(entry.key, { value: event.target.value })}
            />
          </div>
          <IconButton
            icon={X}
            label={t("servers.removeEntry", { number: index + 1 })}
            onClick={() => onChange(entries.filter((each) => each.key !== entry.key))}
          />
        </div>
      ))}
      {problem && (
        <p role="alert" className="text-[0.87rem] text-danger">
          {problem}
        </p>
      )}
      <div>
        <Button size="sm" onClick={() => onChange([...entries, newEntry()])}>
          <Plus aria-hidden className="size-4" />
          {more}
        </Button>
      </div>
      <p className="text-[0.87rem] text-ink-soft">{hint}</p>
    </fieldset>
  );
}
