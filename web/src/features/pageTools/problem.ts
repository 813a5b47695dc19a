/** Why the page could not do what it was asked; what the server takes in place of a result. */
export interface PageProblem {
  error: "permission_denied" | "no_device" | "unsupported" | "failed";
  message?: string;
}

const BY_NAME: Record<string, PageProblem["error"]> = {
  NotAllowedError: "permission_denied",
  SecurityError: "permission_denied",
  NotFoundError: "no_device",
  OverconstrainedError: "no_device",
  NotSupportedError: "unsupported",
  TypeError: "unsupported",
};

const LONGEST = 500;

/** What an error of a device means. */
export function problemOf(error: unknown): PageProblem {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  const message = error instanceof Error || error instanceof DOMException ? error.message : "";
  return { error: BY_NAME[name] ?? "failed", ...(message && { message: message.slice(0, LONGEST) }) };
}

const PERMISSION_DENIED = 1;

export function problemOfPosition({ code, message }: { code: number; message: string }): PageProblem {
  return {
    error: code === PERMISSION_DENIED ? "permission_denied" : "failed",
    ...(message && { message: message.slice(0, LONGEST) }),
  };
}
