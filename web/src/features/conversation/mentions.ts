import type { Agent } from "@/api/types";

export interface Mention {
  /** Where the @ stands. */
  start: number;
  end: number;
  query: string;
}

/** The handle being typed at the caret, if one is. */
export function mentionAt(text: string, caret: number): Mention | null {
  const before = text.slice(0, caret);
  const match = /(?:^|\s)@([\p{L}\p{N}_-]{0,40})$/u.exec(before);
  if (!match) return null;
  const query = match[1] ?? "";
  return { start: caret - query.length - 1, end: caret, query };
}

/** Agents that a typed handle may mean, the likeliest first. */
export function matchingAgents(agents: Agent[], query: string): Agent[] {
  const wanted = query.toLowerCase();
  const rank = (agent: Agent) => {
    const handle = agent.handle.toLowerCase();
    const name = agent.name.toLowerCase();
    if (handle.startsWith(wanted)) return 0;
    if (name.startsWith(wanted)) return 1;
    return handle.includes(wanted) || name.includes(wanted) ? 2 : 3;
  };
  return agents
    .filter((agent) => agent.is_active && rank(agent) < 3)
    .sort((left, right) => rank(left) - rank(right))
    .slice(0, 8);
}

/** A message that begins with the handle of a known agent, taken apart. */
export function splitAddress(text: string, agents: Agent[]): { target: string; content: string } | null {
  const match = /^@([\p{L}\p{N}_-]+)(?:[\s,:]+|$)/u.exec(text.trimStart());
  const agent =
    match && agents.find((candidate) => candidate.handle.toLowerCase() === match[1]?.toLowerCase());
  if (!match || !agent) return null;
  const content = text.trimStart().slice(match[0].length);
  return content.trim() ? { target: agent.handle, content } : null;
}
