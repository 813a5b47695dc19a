import type { TFunction } from "i18next";
import type { ToolQuestion } from "@/api/types";
import type { LaterTexts } from "@/lib/i18n/later.en";

type Named = keyof LaterTexts["tools"]["names"];

/** What a tool of the page does, told apart as its texts are. */
export type PageDeed = keyof LaterTexts["ask"]["titles"];

const NAMED: readonly string[] = [
  "current_time",
  "calculator",
  "python",
  "web_search",
  "web_fetch",
  "files",
  "memory_search",
  "memory_save",
  "ask_agent",
  "camera",
  "microphone",
  "geolocation",
  "clipboard",
  "file_picker",
];

/** The name of a tool of the house in the user's language; null for any other. */
export const nameOf = (t: TFunction, toolId: string): string | null =>
  NAMED.includes(toolId) ? t(`tools.names.${toolId as Named}`) : null;

export const aboutOf = (t: TFunction, toolId: string): string | null =>
  NAMED.includes(toolId) ? t(`tools.about.${toolId as Named}`) : null;

const DEEDS: readonly string[] = ["camera", "microphone", "geolocation", "file_picker"];

/** Null for what the server carries out. */
export function deedOf(tool: Pick<ToolQuestion, "tool_id" | "kind" | "arguments">): PageDeed | null {
  if (tool.kind !== "browser") return null;
  if (tool.tool_id === "clipboard") {
    return tool.arguments.action === "write" ? "clipboardWrite" : "clipboardRead";
  }
  return DEEDS.includes(tool.tool_id) ? (tool.tool_id as PageDeed) : null;
}

/** Handle of an agent, which is how it is called when nothing else is known. */
export const handleOf = (agentId: string) => agentId.replace(/^user\d+_/, "");

/** The argument that says most about a call, in one line. */
export function briefOf(toolId: string, args: Record<string, unknown>): string {
  const wanted = BRIEF[toolId] ?? Object.keys(args).filter((name) => name !== "reason");
  const values = wanted.flatMap((name) => {
    const value = args[name];
    if (value === null || value === undefined || value === "" || typeof value === "boolean") return [];
    return [typeof value === "object" ? JSON.stringify(value) : String(value)];
  });
  return values.join(" · ").replace(/\s+/g, " ").slice(0, LONGEST_BRIEF);
}

const LONGEST_BRIEF = 160;
const BRIEF: Record<string, string[]> = {
  camera: [],
  microphone: [],
  geolocation: [],
  clipboard: ["text"],
  file_picker: ["accept"],
};
