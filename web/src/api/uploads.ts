import { reportSignInExpired, request } from "@/api/http";
import { NetworkError, toApiError } from "@/api/problem";
import type { FileList, UserFile } from "@/api/types";

interface UploadOptions {
  /** Makes the same upload again safe. */
  key: string;
  signal: AbortSignal;
  /** How much of it has left, from 0 to 1. */
  onProgress: (part: number) => void;
}

/** Sends a file. Unlike `fetch` this tells how far it is. Throws as `request` does. */
export function upload(file: File, { key, signal, onProgress }: UploadOptions): Promise<UserFile> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, file.name);
    sending.open("POST", "/my/files/");
    sending.setRequestHeader("Accept", "application/json");
    sending.setRequestHeader("Idempotency-Key", key);
    sending.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    sending.onerror = () => reject(new NetworkError());
    sending.onabort = () => reject(new DOMException("aborted", "AbortError"));
    sending.onload = () => {
      if (sending.status === 401) reportSignInExpired();
      if (sending.status === 201) resolve(JSON.parse(sending.responseText) as UserFile);
      else void toApiError(answerOf(sending)).then(reject);
    };
    signal.addEventListener("abort", () => sending.abort());
    sending.send(form);
  });
}

/** Bytes that one file may have; asked once. */
export function fileLimit(): Promise<number> {
  asked ??= request<FileList>("GET", "/my/files/", { query: { limit: 1 } }).then(
    ({ room }) => room.file_bytes,
    (error) => {
      asked = null;
      throw error;
    },
  );
  return asked;
}

let asked: Promise<number> | null = null;

function answerOf(sending: XMLHttpRequest): Response {
  const headers = new Headers();
  for (const name of ["Content-Type", "Retry-After"]) {
    const value = sending.getResponseHeader(name);
    if (value) headers.set(name, value);
  }
  return new Response(sending.responseText, { status: sending.status, headers });
}
