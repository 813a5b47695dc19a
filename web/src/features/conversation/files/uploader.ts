import { fileLimit, upload } from "@/api/uploads";
import { FileTooLarge } from "@/ui/files/fileError";
import type { Attachment } from "./attachments";

const AT_ONCE = 2;

type Change = (key: string, part: Partial<Attachment>) => void;

/** Uploads files, two at a time: browsers hold few connections, and the events need one of them. */
export class Uploader {
  private readonly waiting: { key: string; file: File }[] = [];
  private readonly running = new Map<string, AbortController>();
  private readonly files = new Map<string, File>();

  constructor(private readonly change: Change) {}

  add(key: string, file: File): void {
    this.files.set(key, file);
    this.waiting.push({ key, file });
    this.next();
  }

  again(key: string): void {
    const file = this.files.get(key);
    if (!file) return;
    this.change(key, { status: "waiting", progress: 0, error: null });
    this.add(key, file);
  }

  /** It is not wanted any more, however far it is. */
  drop(key: string): void {
    this.files.delete(key);
    this.running.get(key)?.abort();
    const place = this.waiting.findIndex((each) => each.key === key);
    if (place >= 0) this.waiting.splice(place, 1);
  }

  stop(): void {
    this.waiting.length = 0;
    for (const one of this.running.values()) one.abort();
  }

  private next(): void {
    while (this.running.size < AT_ONCE) {
      const one = this.waiting.shift();
      if (!one) return;
      void this.run(one.key, one.file);
    }
  }

  private async run(key: string, file: File): Promise<void> {
    const aborting = new AbortController();
    this.running.set(key, aborting);
    this.change(key, { status: "uploading" });
    try {
      const limit = await fileLimit();
      if (file.size > limit) throw new FileTooLarge(limit);
      const kept = await upload(file, {
        key,
        signal: aborting.signal,
        onProgress: (progress) => this.change(key, { progress }),
      });
      this.files.delete(key);
      this.change(key, { status: "ready", progress: 1, kept });
    } catch (error) {
      if (!aborting.signal.aborted) this.change(key, { status: "failed", error });
    } finally {
      this.running.delete(key);
      this.next();
    }
  }
}
