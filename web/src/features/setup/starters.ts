import type { TFunction } from "i18next";
import type { AgentIn, ModelChoice } from "@/api/types";
import type { en } from "@/lib/i18n/en";

export type StarterId = keyof typeof en.starters;

export const STARTERS: StarterId[] = ["coder", "writer", "researcher", "analyst", "tutor"];

export interface Starter {
  id: StarterId;
  name: string;
  prompt: string;
  chosen: boolean;
}

export function startersIn(t: TFunction): Starter[] {
  return STARTERS.map((id, index) => ({
    id,
    name: t(`starters.${id}.name`),
    prompt: t(`starters.${id}.prompt`),
    chosen: index < 3,
  }));
}

export function agentOf(starter: Starter, model: ModelChoice): AgentIn {
  return {
    name: starter.name.trim() || starter.id,
    handle: starter.id,
    system_prompt: starter.prompt,
    model: { provider: model.provider, name: model.name },
    tools: [],
    concurrency_limit: 3,
    approval_hours: 168,
    memory: { recall: true, save: true },
    is_active: true,
  };
}
