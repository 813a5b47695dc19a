import type { ReactNode } from "react";
import { Button } from "@/ui/Button";

interface EmptyStateProps {
  title?: string;
  /** A part of a page that has its own heading. */
  inner?: boolean;
  text: string;
  action?: { label: string; run: () => void };
  children?: ReactNode;
}

/** What a place says when there is nothing in it. */
export function EmptyState({ title, inner, text, action, children }: EmptyStateProps) {
  const Title = inner ? "h2" : "h1";
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-2 p-8 text-center">
      {title && <Title className="font-semibold text-[1.15rem]">{title}</Title>}
      <p className="max-w-sm text-ink-soft">{text}</p>
      {action && (
        <Button look="primary" className="mt-3" onClick={action.run}>
          {action.label}
        </Button>
      )}
      {children}
    </div>
  );
}
