import type { Agent, AgentIn, Catalogue, ModelChoice, Policy, Tool } from "@/api/types";

/** An agent as the editor holds it: numbers are text until they are sent. */
export interface AgentForm {
  name: string;
  handle: string;
  prompt: string;
  model: ModelChoice | null;
  fallback: ModelChoice | null;
  temperature: string;
  maxTokens: string;
  concurrency: string;
  /** How long a question about a tool waits for its user. */
  approvalHours: string;
  memory: { recall: boolean; save: boolean };
  tools: ToolChoices;
  active: boolean;
}

export interface ToolChoice {
  enabled: boolean;
  /** What happens when the agent calls it; null: what is usual for the tool. */
  policy: Policy | null;
}

/** By tool id. */
export type ToolChoices = Readonly<Record<string, ToolChoice>>;

export const NOT_CHOSEN: ToolChoice = { enabled: false, policy: null };

export function formOf(agent: Agent): AgentForm {
  return {
    name: agent.name,
    handle: agent.handle,
    prompt: agent.system_prompt,
    model: { provider: agent.model.provider, name: agent.model.name },
    fallback: agent.fallback_model ?? null,
    temperature: agent.model.temperature?.toString() ?? "",
    maxTokens: agent.model.max_tokens?.toString() ?? "",
    concurrency: String(agent.concurrency_limit),
    approvalHours: String(agent.approval_hours),
    memory: agent.memory,
    tools: Object.fromEntries(
      agent.tools.map(({ tool_id, enabled, policy }) => [tool_id, { enabled, policy: policy ?? null }]),
    ),
    active: agent.is_active,
  };
}

export function emptyForm(catalogue: Catalogue | undefined): AgentForm {
  return {
    name: "",
    handle: "",
    prompt: "",
    model: catalogue?.default ?? null,
    fallback: null,
    temperature: "",
    maxTokens: "",
    concurrency: "3",
    approvalHours: "168",
    memory: { recall: true, save: true },
    tools: {},
    active: true,
  };
}

/**
 * The body that the server takes. What is usual is left out, and so are tools that are no longer there.
 *
 * `tools`: those there are; null when that is not known, and then all of the agent's stay.
 */
export function bodyOf(form: AgentForm, tools: Tool[] | null, model: ModelChoice): AgentIn {
  const there = tools && new Set(tools.map((tool) => tool.tool_id));
  const chosen = Object.entries(form.tools).filter(
    ([id, { enabled, policy }]) => (enabled || policy !== null) && (!there || there.has(id)),
  );
  return {
    name: form.name.trim(),
    system_prompt: form.prompt,
    model: {
      provider: model.provider,
      name: model.name,
      ...(form.temperature.trim() && { temperature: decimal(form.temperature) }),
      ...(form.maxTokens.trim() && { max_tokens: Number(form.maxTokens) }),
    },
    fallback_model: form.fallback ? { provider: form.fallback.provider, name: form.fallback.name } : null,
    tools: chosen.map(([tool_id, choice]) => ({ tool_id, ...choice })),
    concurrency_limit: Number(form.concurrency),
    approval_hours: Number(form.approvalHours),
    memory: form.memory,
    is_active: form.active,
    ...(form.handle.trim() && { handle: form.handle.trim().replace(/^@/, "") }),
  };
}

/** "0,7" is what a Russian keyboard writes for 0.7. */
export const decimal = (text: string) => Number(text.trim().replace(",", "."));

const LATIN: Record<string, string> = {
  а: "a",
  б: "b",
  в: "v",
  г: "g",
  д: "d",
  е: "e",
  ё: "e",
  ж: "zh",
  з: "z",
  и: "i",
  й: "y",
  к: "k",
  л: "l",
  м: "m",
  н: "n",
  о: "o",
  п: "p",
  р: "r",
  с: "s",
  т: "t",
  у: "u",
  ф: "f",
  х: "kh",
  ц: "ts",
  ч: "ch",
  ш: "sh",
  щ: "shch",
  ъ: "'",
  ы: "y",
  ь: "'",
  э: "e",
  ю: "yu",
  я: "ya",
};

/** A hint at the handle the server will make; the server has the last word. */
export function previewHandle(name: string): string {
  const latin = [...name.toLowerCase()].map((char) => LATIN[char] ?? char).join("");
  return latin
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
}
