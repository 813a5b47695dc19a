import { type ClipboardEvent, useEffect, useRef, useState } from "react";

type OnFiles = (files: File[]) => void;

/** Takes files that are dropped anywhere on the page, but for dialogs; tells whether some are held over it. */
export function useFileDrop(onFiles: OnFiles): boolean {
  const [over, setOver] = useState(false);
  const take = useRef(onFiles);
  useEffect(() => {
    take.current = onFiles;
  });
  useEffect(() => {
    const gone = new AbortController();
    const { signal } = gone;
    const isOurs = (event: DragEvent) =>
      event.dataTransfer?.types.includes("Files") === true &&
      !(event.target instanceof Element && event.target.closest("[role=dialog], [role=alertdialog]"));
    addEventListener("dragenter", (event) => isOurs(event) && setOver(true), { signal });
    addEventListener(
      "dragover",
      (event) => {
        if (!isOurs(event)) return;
        event.preventDefault();
        if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
      },
      { signal },
    );
    // Leaving the window has nothing that is entered instead.
    addEventListener("dragleave", (event) => event.relatedTarget === null && setOver(false), { signal });
    addEventListener(
      "drop",
      (event) => {
        setOver(false);
        if (!isOurs(event)) return;
        event.preventDefault();
        take.current([...(event.dataTransfer?.files ?? [])]);
      },
      { signal },
    );
    return () => gone.abort();
  }, []);
  return over;
}

/** Files that are pasted; a text that comes with a picture of itself, as from a word processor, stays a text. */
export function pastedFiles({ clipboardData }: ClipboardEvent): File[] {
  return clipboardData.types.includes("text/plain") ? [] : [...clipboardData.files];
}
