import { type Figures, problemWords } from "@/lib/i18n/problems";

/** What the server answered instead of what was asked (RFC 9457). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** The problem's short name, such as "not-found"; empty when the answer was no problem document. */
    readonly slug: string,
    readonly title: string,
    /** In the page's language, as all of it that is for people. */
    readonly detail: string,
    /** Messages by field path, such as "model.name". */
    readonly fields: Record<string, string>,
    readonly retryAfterSeconds: number | null,
  ) {
    super(detail || title);
    this.name = "ApiError";
  }
}

/** The server could not be reached, or the answer was cut off. */
export class NetworkError extends Error {
  constructor() {
    super("network");
    this.name = "NetworkError";
  }
}

interface Said {
  /** Which of all sentences it is. */
  reason?: string;
  figures?: Figures;
}

interface ProblemBody extends Said {
  type?: string;
  title?: string;
  detail?: string;
  errors?: ({ field: string; message: string } & Said)[];
  retry_after?: number;
}

export async function toApiError(response: Response): Promise<ApiError> {
  const body = await readProblem(response);
  const say = await problemWords();
  const fields: Record<string, string> = {};
  for (const each of body.errors ?? []) {
    const path = fieldPath(each.field);
    const message = say(each.message, each.reason, each.figures);
    // A field may be wrong in several ways.
    fields[path] = fields[path] ? `${fields[path]}\n${message}` : message;
  }
  const header = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.status,
    body.type?.split("/").pop() ?? "",
    body.title ?? response.statusText,
    say(body.detail ?? "", body.reason, body.figures),
    fields,
    body.retry_after ?? (header > 0 ? header : null),
  );
}

async function readProblem(response: Response): Promise<ProblemBody> {
  if (!response.headers.get("Content-Type")?.includes("json")) return {};
  try {
    return (await response.json()) as ProblemBody;
  } catch {
    return {};
  }
}

/** "body.model.name" and "/model/name" both mean `model.name`. */
function fieldPath(field: string): string {
  return field
    .replace(/^[/.]/, "")
    .replaceAll("/", ".")
    .replace(/^body\./, "");
}

/** Whether trying the very same request again may help. */
export function isPassing(error: unknown): boolean {
  if (error instanceof NetworkError) return true;
  // It is free again in an hour or a day, as the answer says.
  if (error instanceof ApiError && error.slug === "limit-reached") return false;
  return error instanceof ApiError && [408, 425, 429, 502, 503, 504].includes(error.status);
}
