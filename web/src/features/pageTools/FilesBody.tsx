import { CircleCheck, FileUp, Send, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { fileLimit, upload } from "@/api/uploads";
import { cx } from "@/lib/cx";
import { fileSize } from "@/lib/format";
import { randomId } from "@/lib/random";
import { Bar } from "@/ui/Bar";
import { Button } from "@/ui/Button";
import { FileTooLarge, fileError } from "@/ui/files/fileError";
import { IconButton } from "@/ui/IconButton";
import { Spinner } from "@/ui/Spinner";
import type { BodyProps } from "./body";

const MOST = 20;

interface Chosen {
  key: string;
  file: File;
  status: "chosen" | "uploading" | "uploaded" | "failed";
  /** Once it is with the server. */
  id: string | null;
  /** How much of it has left, from 0 to 1. */
  progress: number;
  error: unknown;
}

/** Files of the user's: chosen or dropped, uploaded when they are sent, and handed over. */
export function FilesBody({ tool, busy, send }: BodyProps) {
  const { t, i18n } = useTranslation();
  const several = tool.arguments.multiple === true;
  const accept = String(tool.arguments.accept ?? "");
  const [files, setFiles] = useState<Chosen[]>([]);
  const [uploading, setUploading] = useState(false);
  const leaving = useRef(new AbortController());
  useEffect(() => {
    // Nobody waits for an upload whose dialog is gone.
    const controller = new AbortController();
    leaving.current = controller;
    return () => controller.abort();
  }, []);
  const change = (key: string, part: Partial<Chosen>) =>
    setFiles((all) => all.map((one) => (one.key === key ? { ...one, ...part } : one)));
  const add = (list: FileList | null) => {
    const chosen = [...(list ?? [])].map(
      (file): Chosen => ({ key: randomId(), file, status: "chosen", id: null, progress: 0, error: null }),
    );
    if (chosen.length === 0) return;
    setFiles((all) => (several ? [...all, ...chosen].slice(0, MOST) : chosen.slice(0, 1)));
  };

  const deliver = async () => {
    setUploading(true);
    const ids: string[] = [];
    for (const { key, file, id } of files) {
      if (id) {
        ids.push(id);
        continue;
      }
      change(key, { status: "uploading", error: null });
      try {
        const limit = await fileLimit();
        if (file.size > limit) throw new FileTooLarge(limit);
        const kept = await upload(file, {
          key,
          signal: leaving.current.signal,
          onProgress: (progress) => change(key, { progress }),
        });
        ids.push(kept.id);
        change(key, { status: "uploaded", id: kept.id });
      } catch (error) {
        change(key, { status: "failed", error });
      }
    }
    setUploading(false);
    if (ids.length === files.length) send({ files: ids });
  };

  return (
    <div className="flex flex-col gap-4">
      <DropZone several={several} accept={accept} onFiles={add} />
      {files.length > 0 && (
        <ul className="flex flex-col divide-y divide-line rounded-xl border border-line">
          {files.map((chosen) => (
            <li key={chosen.key} className="flex items-center gap-2.5 py-1.5 pr-1.5 pl-3 text-[0.93rem]">
              {chosen.status === "uploading" && <Spinner />}
              {chosen.status === "uploaded" && (
                <CircleCheck role="img" aria-label={t("page.files.uploaded")} className="size-4 text-ok" />
              )}
              <span className="min-w-0 flex-1">
                <span className="block truncate">{chosen.file.name}</span>
                {chosen.status === "uploading" && (
                  <Bar
                    share={chosen.progress}
                    label={chosen.file.name}
                    text={`${Math.round(chosen.progress * 100)} %`}
                  />
                )}
                {chosen.error !== null && (
                  <span role="alert" className="block text-[0.87rem] text-danger">
                    {fileError(t, chosen.error, i18n.language)}
                  </span>
                )}
              </span>
              <span className="shrink-0 text-[0.84rem] text-ink-faint tabular-nums">
                {fileSize(chosen.file.size, i18n.language)}
              </span>
              <IconButton
                icon={X}
                label={t("page.files.remove", { name: chosen.file.name })}
                size="sm"
                disabled={uploading || busy}
                onClick={() => setFiles((all) => all.filter(({ key }) => key !== chosen.key))}
              />
            </li>
          ))}
        </ul>
      )}
      {files.length >= MOST && (
        <p className="text-[0.87rem] text-ink-soft">{t("page.files.tooMany", { count: MOST })}</p>
      )}
      <Button
        look="primary"
        className="self-start"
        busy={uploading || busy}
        disabled={files.length === 0}
        onClick={() => void deliver()}
      >
        {!uploading && !busy && <Send aria-hidden className="size-4" />}
        {uploading ? t("page.files.uploading") : t("page.files.send", { count: Math.max(1, files.length) })}
      </Button>
    </div>
  );
}

interface DropZoneProps {
  several: boolean;
  accept: string;
  onFiles: (files: FileList | null) => void;
}

function DropZone({ several, accept, onFiles }: DropZoneProps) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        multiple={several}
        accept={accept || undefined}
        onChange={(event) => {
          onFiles(event.target.files);
          // The same file may be chosen again after it was left out.
          event.target.value = "";
        }}
      />
      <button
        type="button"
        // biome-ignore lint/a11y/noAutofocus: it is what this dialog is for
        autoFocus
        onClick={() => input.current?.click()}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          onFiles(event.dataTransfer.files);
        }}
        className={cx(
          "flex flex-col items-center gap-1.5 rounded-xl border-2 border-dashed px-4 py-7 text-center transition-colors",
          over ? "border-accent bg-accent-soft" : "border-line-strong/60 hover:border-line-strong",
        )}
      >
        <FileUp aria-hidden className="size-6 text-ink-soft" />
        <span>{t(several ? "page.files.drop" : "page.files.dropOne")}</span>
        {accept && (
          <span className="text-[0.87rem] text-ink-soft">{t("page.files.accepts", { kinds: accept })}</span>
        )}
      </button>
    </>
  );
}
