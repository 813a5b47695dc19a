import type { Agent } from "@/api/types";

interface AgentSelectProps {
  label: string;
  /** A handle. */
  value: string;
  agents: Agent[];
  disabled: boolean;
  onChange: (handle: string) => void;
}

/** Who does a task: one of the active agents. The proposed one stays in the list even if it is gone. */
export function AgentSelect({ label, value, agents, disabled, onChange }: AgentSelectProps) {
  const handles = agents.map((agent) => agent.handle);
  return (
    <select
      aria-label={label}
      value={value}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value)}
      className="h-8 min-w-0 max-w-44 cursor-pointer rounded-lg border border-line-strong/45 bg-raised pr-1 pl-1.5 text-[0.87rem] hover:border-line-strong disabled:opacity-60"
    >
      {(handles.includes(value) ? handles : [value, ...handles]).map((handle) => (
        <option key={handle} value={handle}>
          @{handle}
        </option>
      ))}
    </select>
  );
}
