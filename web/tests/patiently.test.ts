import { beforeEach, describe, expect, it, vi } from "vitest";
import { patiently } from "@/lib/patiently";

describe("loading a part of the page", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  it("goes on until the server is back", async () => {
    vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("no connection")));
    const load = vi.fn().mockRejectedValue(new TypeError("Failed to fetch dynamically imported module"));
    const loading = patiently(load);
    await vi.advanceTimersByTimeAsync(60_000);
    load.mockResolvedValue("part");
    await vi.advanceTimersByTimeAsync(5000);
    await expect(loading).resolves.toBe("part");
    expect(load.mock.calls.length).toBeGreaterThan(10);
  });

  it("gives up when the server answers and has not got it", async () => {
    vi.stubGlobal("fetch", vi.fn().mockResolvedValue(new Response("ok")));
    const load = vi.fn().mockRejectedValue(new TypeError("not found"));
    const refused = expect(patiently(load)).rejects.toThrow("not found");
    await vi.advanceTimersByTimeAsync(10_000);
    await refused;
    expect(load).toHaveBeenCalledTimes(3);
  });
});
