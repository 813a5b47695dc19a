import type { TFunction } from "i18next";
import type { Agent, Memory, Recalled } from "@/api/types";
import { handleOf } from "@/ui/tools/known";

type Said = Pick<Recalled, "role" | "agent_id">;

/** Who said it, and to whom. */
export function speakerOf(t: TFunction, { role, agent_id }: Said, agents: readonly Agent[]): string {
  const agent = agent_id && (agents.find((one) => one.agent_id === agent_id)?.name ?? handleOf(agent_id));
  if (role !== "user") return agent || t("chat.orchestrator");
  return agent ? t("memory.youTo", { agent }) : t("chat.you");
}

/** What a memory is: who said it, or what sort of thing it is. */
export function titleOf(t: TFunction, memory: Memory, agents: readonly Agent[]): string {
  return memory.kind === "message" ? speakerOf(t, memory, agents) : t(`memory.kinds.${memory.kind}`);
}

/** Why it was found: how near it is, and by what. Without a nearness it was found by its words alone. */
export function whyOf(t: TFunction, { score, why }: Pick<Memory, "score" | "why">): string | null {
  if (why === null) return null;
  const reason = t(`memory.why.${why}`);
  if (score === null || why === "words") return reason;
  return t("memory.nearness", { percent: Math.round(Math.min(1, Math.max(0, score)) * 100), reason });
}
