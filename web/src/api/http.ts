import { NetworkError, toApiError } from "@/api/problem";

export interface RequestOptions {
  body?: unknown;
  /** A list is sent as the same name several times. */
  query?: Record<string, string | number | readonly string[] | null | undefined>;
  /** Makes a repeated POST safe: the server answers what it answered first. */
  idempotencyKey?: string;
  signal?: AbortSignal;
  /** Let the request finish even when the page goes. */
  keepalive?: boolean;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
type Listener = () => void;

const expiryListeners = new Set<Listener>();

/** Calls back when the server no longer knows this sign-in. */
export function onSignInExpired(listener: Listener): () => void {
  expiryListeners.add(listener);
  return () => expiryListeners.delete(listener);
}

export function reportSignInExpired(): void {
  for (const listener of expiryListeners) listener();
}

/** One request. Throws ApiError for a problem the server reports, NetworkError when there was no answer. */
export async function request<Answer>(
  method: Method,
  path: string,
  options: RequestOptions = {},
): Promise<Answer> {
  const response = await send(method, path, options);
  if (!response.ok) {
    if (response.status === 401 && !path.startsWith("/auth/")) reportSignInExpired();
    throw await toApiError(response);
  }
  if (response.status === 204) return undefined as Answer;
  try {
    return (await response.json()) as Answer;
  } catch {
    throw new NetworkError();
  }
}

async function send(method: Method, path: string, options: RequestOptions): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.idempotencyKey) headers["Idempotency-Key"] = options.idempotencyKey;
  try {
    return await fetch(withQuery(path, options.query), {
      method,
      headers,
      credentials: "same-origin",
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      keepalive: options.keepalive,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new NetworkError();
  }
}

function withQuery(path: string, query: RequestOptions["query"]): string {
  const given = Object.entries(query ?? {}).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => (one == null || one === "" ? [] : [[name, String(one)]])),
  );
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given)}`;
}
