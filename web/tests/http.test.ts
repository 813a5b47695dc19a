import { afterEach, describe, expect, it, vi } from "vitest";
import { onSignInExpired, request } from "@/api/http";
import { ApiError, isPassing, NetworkError } from "@/api/problem";

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  vi.stubGlobal(
    "fetch",
    vi.fn(
      async () =>
        new Response(status === 204 ? null : JSON.stringify(body), {
          status,
          headers: { "Content-Type": "application/problem+json", ...headers },
        }),
    ),
  );
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

afterEach(() => vi.unstubAllGlobals());

describe("a request", () => {
  it("turns a problem into an error with its fields", async () => {
    answer(422, {
      type: "/problems/invalid-request",
      title: "Invalid",
      status: 422,
      detail: "Correct it.",
      errors: [
        { field: "model.name", message: "Too long." },
        { field: "body.name", message: "Empty." },
      ],
    });
    const error = await failure(request("POST", "/my/agents/", { body: {} }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 422,
      slug: "invalid-request",
      detail: "Correct it.",
      fields: { "model.name": "Too long.", name: "Empty." },
    });
    expect(isPassing(error)).toBe(false);
  });

  it("reads how long to wait", async () => {
    answer(429, { type: "/problems/too-many", title: "Slow down", status: 429 }, { "Retry-After": "3" });
    const error = await failure(request("GET", "/my/agents/"));
    expect(error).toMatchObject({ retryAfterSeconds: 3 });
    expect(isPassing(error)).toBe(true);
  });

  it("says that there was no answer", async () => {
    vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("Failed to fetch")));
    expect(await failure(request("GET", "/my/agents/"))).toBeInstanceOf(NetworkError);
  });

  it("reports that the sign-in is over, but not a wrong password", async () => {
    const expired = vi.fn();
    const stop = onSignInExpired(expired);
    answer(401, { type: "/problems/unauthenticated", title: "Sign in", status: 401 });
    await failure(request("POST", "/auth/login", { body: {} }));
    expect(expired).not.toHaveBeenCalled();
    await failure(request("GET", "/my/agents/"));
    expect(expired).toHaveBeenCalledOnce();
    stop();
  });

  it("sends the key that makes repeating safe, and leaves out empty parameters", async () => {
    answer(204, null);
    await request("POST", "/x/", { body: { a: 1 }, idempotencyKey: "k", query: { cursor: null, limit: 5 } });
    const [url, init] = vi.mocked(fetch).mock.calls[0] ?? [];
    expect(url).toBe("/x/?limit=5");
    expect(init?.headers).toMatchObject({ "Idempotency-Key": "k", "Content-Type": "application/json" });
  });

  it("survives an error page that is no problem document", async () => {
    vi.stubGlobal(
      "fetch",
      vi.fn(
        async () =>
          new Response("<html>Bad gateway", { status: 502, headers: { "Content-Type": "text/html" } }),
      ),
    );
    expect(await failure(request("GET", "/x/"))).toMatchObject({ status: 502, slug: "", fields: {} });
  });
});
