import { X } from "lucide-react";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";

export interface ToastNote {
  title: string;
  action?: { label: string; run: () => void };
  /** Is called when the note goes by itself or is closed, but not when its action was taken. */
  onGone?: () => void;
}

interface Shown extends ToastNote {
  id: number;
}

const SHOWN_MS = 6000;

const ToastContext = createContext<(note: ToastNote) => void>(() => undefined);

/** Shows a short note at the edge of the page for six seconds, or for as long as the pointer or the focus is on it. */
export const useToast = () => useContext(ToastContext);

export function ToastProvider({ children }: { children: ReactNode }) {
  const [notes, setNotes] = useState<Shown[]>([]);
  const nextId = useRef(0);
  const show = useMemo(
    () => (note: ToastNote) => {
      nextId.current += 1;
      const id = nextId.current;
      setNotes((current) => [...current, { ...note, id }]);
    },
    [],
  );
  return (
    <ToastContext value={show}>
      {children}
      <div
        role="status"
        className="pointer-events-none fixed inset-x-4 bottom-4 z-50 flex flex-col items-center gap-2 sm:left-auto sm:w-96"
      >
        {notes.map((note) => (
          <Toast
            key={note.id}
            note={note}
            onGone={() => setNotes((current) => current.filter((other) => other.id !== note.id))}
          />
        ))}
      </div>
    </ToastContext>
  );
}

function Toast({ note, onGone }: { note: Shown; onGone: () => void }) {
  const { t } = useTranslation();
  const [held, setHeld] = useState(false);
  const leave = useRef<() => void>(() => undefined);
  useEffect(() => {
    leave.current = () => {
      onGone();
      note.onGone?.();
    };
  });
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => leave.current(), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [held]);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the note only waits while it is being read
    <div
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="pointer-events-auto flex w-full animate-rise items-center gap-2 rounded-xl border border-line bg-raised py-2 pr-2 pl-4 shadow-float"
    >
      <p className="min-w-0 flex-1 break-words py-1 text-[0.93rem]">{note.title}</p>
      {note.action && (
        <button
          type="button"
          onClick={() => {
            onGone();
            note.action?.run();
          }}
          className="h-8 rounded-lg px-2.5 font-medium text-[0.9rem] text-accent-text hover:bg-hover"
        >
          {note.action.label}
        </button>
      )}
      <IconButton icon={X} label={t("common.close")} size="sm" onClick={() => leave.current()} />
    </div>
  );
}
