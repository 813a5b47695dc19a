import { useTranslation } from "react-i18next";
import { Switch } from "@/ui/Switch";
import type { AgentForm } from "./form";

interface MemorySwitchesProps {
  memory: AgentForm["memory"];
  onChange: (memory: AgentForm["memory"]) => void;
}

/** What an agent has to do with its user's memory. */
export function MemorySwitches({ memory, onChange }: MemorySwitchesProps) {
  const { t } = useTranslation();
  return (
    <fieldset className="flex flex-col gap-4">
      <legend className="mb-2 font-medium text-[0.93rem]">{t("memory.agent.title")}</legend>
      {(["recall", "save"] as const).map((part) => (
        <div key={part} className="flex items-center justify-between gap-4">
          <span>
            <span className="block text-[0.93rem]">{t(`memory.agent.${part}`)}</span>
            <span className="block text-[0.87rem] text-ink-soft">{t(`memory.agent.${part}Hint`)}</span>
          </span>
          <Switch
            checked={memory[part]}
            label={t(`memory.agent.${part}`)}
            onChange={(on) => onChange({ ...memory, [part]: on })}
          />
        </div>
      ))}
    </fieldset>
  );
}
