import type { ReactNode } from "react";
import { Button } from "@/ui/Button";

interface EmptyStateProps {
  title?: string;
  text: string;
  action?: { label: string; run: () => void };
  children?: ReactNode;
}

/** What a place says when there is nothing in it. */
export function EmptyState({ title, text, action, children }: EmptyStateProps) {
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-2 p-8 text-center">
      {title && <h1 className="font-semibold text-[1.15rem]">{title}</h1>}
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
