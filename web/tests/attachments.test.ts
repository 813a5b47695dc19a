import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/problem";
import type { UserFile } from "@/api/types";
import { fileLimit, upload } from "@/api/uploads";
import {
  type Attachment,
  chosen,
  isOnItsWay,
  keptFiles,
  readKept,
  uploaded,
} from "@/features/conversation/files/attachments";
import { Uploader } from "@/features/conversation/files/uploader";
import { pastedFiles } from "@/features/conversation/files/useFileDrop";
import { FileTooLarge } from "@/ui/files/fileError";
import { isPicture, isRecording, isUnreadable } from "@/ui/files/kinds";

vi.mock("@/api/uploads", () => ({ upload: vi.fn(), fileLimit: vi.fn() }));

const kept = (id: string, more: Partial<UserFile> = {}): UserFile => ({
  id,
  name: `${id}.txt`,
  media_type: "text/plain",
  size: 3,
  text: "ready",
  characters: 3,
  created_at: "2026-11-25T12:00:00Z",
  ...more,
});

const file = (name: string, content = "abc") => new File([content], name, { type: "text/plain" });

describe("attachments", () => {
  it("are on their way until the server has them", () => {
    const attachment = chosen("k", file("a.txt"));
    expect(attachment).toMatchObject({ name: "a.txt", size: 3, status: "waiting", kept: null });
    expect(isOnItsWay(attachment)).toBe(true);
    expect(isOnItsWay(uploaded(kept("1")))).toBe(false);
    expect(keptFiles([attachment, uploaded(kept("1"))])).toEqual([kept("1")]);
  });

  it("are read back from what was stored, whatever that is", () => {
    expect(readKept(JSON.stringify([kept("1")]))).toEqual([uploaded(kept("1"))]);
    for (const stored of [null, "", "{", "7", "null"]) expect(readKept(stored)).toEqual([]);
  });

  it("know what is shown, heard and read", () => {
    expect([isPicture("image/png"), isPicture("image/svg+xml"), isPicture("image/tiff")]).toEqual([
      true,
      false,
      false,
    ]);
    expect(isRecording("audio/ogg")).toBe(true);
    expect(isUnreadable(kept("1", { text: "failed" }))).toBe(true);
    expect(isUnreadable(kept("1", { text: "none", media_type: "application/zip" }))).toBe(true);
    expect(isUnreadable(kept("1", { text: "none", media_type: "image/png" }))).toBe(false);
    expect(isUnreadable(kept("1"))).toBe(false);
  });

  it("are pasted, unless they are only the picture of a text", () => {
    const paste = (types: string[]) =>
      pastedFiles({ clipboardData: { types, files: [file("a.png")] } } as never).length;
    expect(paste(["Files"])).toBe(1);
    expect(paste(["text/plain", "text/html", "Files"])).toBe(0);
  });
});

describe("the uploader", () => {
  let state: Record<string, Partial<Attachment>>;
  let ends: Record<string, { take: (file: UserFile) => void; fail: (error: unknown) => void }>;
  let uploader: Uploader;
  const settle = () => new Promise((resolve) => setTimeout(resolve));

  beforeEach(() => {
    state = {};
    ends = {};
    vi.mocked(upload).mockClear();
    vi.mocked(fileLimit).mockResolvedValue(1000);
    vi.mocked(upload).mockImplementation(
      (sent, { signal, onProgress }) =>
        new Promise((resolve, reject) => {
          onProgress(0.5);
          signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
          ends[sent.name] = { take: resolve, fail: reject };
        }),
    );
    uploader = new Uploader((key, part) => {
      state[key] = { ...state[key], ...part };
    });
  });

  it("sends two at a time and tells how far they are", async () => {
    for (const name of ["a", "b", "c"]) uploader.add(name, file(name));
    await settle();
    expect(Object.keys(ends)).toEqual(["a", "b"]);
    expect(state.a).toMatchObject({ status: "uploading", progress: 0.5 });

    ends.a?.take(kept("1"));
    await settle();

    expect(state.a).toMatchObject({ status: "ready", progress: 1, kept: kept("1") });
    expect(Object.keys(ends)).toEqual(["a", "b", "c"]);
  });

  it("tells what went wrong, and tries again under the same key", async () => {
    const refusal = new ApiError(409, "storage-full", "", "", {}, null);
    uploader.add("a", file("a"));
    await settle();
    ends.a?.fail(refusal);
    await settle();
    expect(state.a).toMatchObject({ status: "failed", error: refusal });

    uploader.again("a");
    await settle();
    ends.a?.take(kept("1"));
    await settle();

    expect(state.a).toMatchObject({ status: "ready", error: null });
    expect(vi.mocked(upload).mock.calls.map(([, { key }]) => key)).toEqual(["a", "a"]);
    uploader.again("a"); // it is there already
    await settle();
    expect(vi.mocked(upload)).toHaveBeenCalledTimes(2);
  });

  it("does not send what is too large", async () => {
    uploader.add("a", file("a", "x".repeat(1001)));
    await settle();
    expect(state.a?.error).toBeInstanceOf(FileTooLarge);
    expect(vi.mocked(upload)).not.toHaveBeenCalled();
  });

  it("gives up what is removed, and goes on with the next", async () => {
    for (const name of ["a", "b", "c", "d"]) uploader.add(name, file(name));
    await settle();
    uploader.drop("c");
    uploader.drop("a");
    await settle();
    expect(Object.keys(ends)).toEqual(["a", "b", "d"]);
    expect(state.a?.status).toBe("uploading"); // nothing is told of what is gone
    uploader.stop();
    await settle();
    expect(state.d?.status).toBe("uploading");
  });
});
