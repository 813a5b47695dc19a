import { useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "@/lib/cx";
import { AgentAvatar } from "@/ui/AgentAvatar";
import { Button } from "@/ui/Button";
import { Field, TextArea, TextField } from "@/ui/Field";
import { Switch } from "@/ui/Switch";
import type { Starter } from "./starters";

interface AgentsStepProps {
  starters: Starter[];
  onChange: (starters: Starter[]) => void;
}

/** Ready-made agents to take, each with a name and instructions that can be changed here. */
export function AgentsStep({ starters, onChange }: AgentsStepProps) {
  const change = (id: Starter["id"], part: Partial<Starter>) =>
    onChange(starters.map((starter) => (starter.id === id ? { ...starter, ...part } : starter)));
  return (
    <ul className="flex flex-col gap-2.5">
      {starters.map((starter) => (
        <StarterCard key={starter.id} starter={starter} change={(part) => change(starter.id, part)} />
      ))}
    </ul>
  );
}

function StarterCard({ starter, change }: { starter: Starter; change: (part: Partial<Starter>) => void }) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState(false);
  return (
    <li className={cx("rounded-xl border bg-raised", starter.chosen ? "border-accent" : "border-line")}>
      <div className="flex items-center gap-3 px-4 py-3">
        <AgentAvatar name={starter.name} seed={starter.id} />
        <div className="min-w-0 flex-1">
          <p className="font-medium">
            {starter.name} <span className="font-normal text-ink-faint">@{starter.id}</span>
          </p>
          <p className="text-[0.9rem] text-ink-soft">{t(`starters.${starter.id}.about`)}</p>
        </div>
        <Switch checked={starter.chosen} label={starter.name} onChange={(chosen) => change({ chosen })} />
      </div>
      {starter.chosen && (
        <div className="px-4 pb-3">
          <Button
            size="sm"
            look="ghost"
            className="-ml-2.5"
            aria-expanded={editing}
            onClick={() => setEditing(!editing)}
          >
            {t(editing ? "setup.hidePrompt" : "setup.editPrompt")}
          </Button>
          {editing && (
            <div className="mt-2 flex flex-col gap-4">
              <TextField
                label={t("agents.name")}
                value={starter.name}
                maxLength={80}
                onChange={(name) => change({ name })}
              />
              <Field label={t("agents.prompt")}>
                {(control) => (
                  <TextArea
                    {...control}
                    rows={5}
                    value={starter.prompt}
                    onChange={(event) => change({ prompt: event.target.value })}
                  />
                )}
              </Field>
            </div>
          )}
        </div>
      )}
    </li>
  );
}
