import { Workflow } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { AgentStatus } from "@/api/types";
import { cx } from "@/lib/cx";
import { hueOf, initialsOf } from "@/lib/hue";

const SIZES = {
  xs: "size-5 rounded-[0.3rem] text-[0.62rem]",
  sm: "size-6 rounded-md text-[0.7rem]",
  md: "size-8 rounded-lg text-[0.8rem]",
  lg: "size-12 rounded-xl text-[1.05rem]",
};

/** An agent's initials on its own colour. */
export function AgentAvatar({
  name,
  seed,
  size = "md",
}: {
  name: string;
  seed: string;
  size?: keyof typeof SIZES;
}) {
  return (
    <span
      aria-hidden
      style={{ "--hue": hueOf(seed) } as React.CSSProperties}
      className={cx("agent-tint inline-flex shrink-0 items-center justify-center font-semibold", SIZES[size])}
    >
      {initialsOf(name)}
    </span>
  );
}

const DOTS: Record<AgentStatus, string> = {
  ready: "bg-ok",
  busy: "bg-accent animate-dot",
  error: "bg-danger",
};

/** The orchestrator is no agent of the team, and looks it. */
export function OrchestratorAvatar({ size = "md" }: { size?: keyof typeof SIZES }) {
  return (
    <span
      aria-hidden
      className={cx(
        "inline-flex shrink-0 items-center justify-center bg-accent-soft text-accent-text",
        SIZES[size],
      )}
    >
      <Workflow className={size === "sm" ? "size-3.5" : "size-4"} />
    </span>
  );
}

/** What an agent does now, as a dot with words for those who do not see it. */
export function StatusDot({ status, inactive }: { status: AgentStatus; inactive?: boolean }) {
  const { t } = useTranslation();
  const label = inactive ? t("agents.status.off") : t(`agents.status.${status}`);
  return (
    <span
      role="img"
      aria-label={label}
      title={label}
      className={cx(
        "inline-block size-2 shrink-0 rounded-full",
        inactive ? "border border-line-strong bg-transparent" : DOTS[status],
      )}
    />
  );
}
