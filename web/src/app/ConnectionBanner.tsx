import { WifiOff } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { useConnection } from "@/live/LiveProvider";
import { Spinner } from "@/ui/Spinner";

/** A blink of the line is not worth a word. */
const PATIENCE_MS = 1500;

/** Says that the line is broken, as long as it is. */
export function ConnectionBanner() {
  const { t } = useTranslation();
  const connection = useConnection();
  const online = useOnline();
  const patient = useLasting(connection === "reconnecting", PATIENCE_MS);
  const text = !online ? t("connection.offline") : patient ? t("connection.reconnecting") : null;
  return (
    <div role="status">
      {text && (
        <p className="flex items-center justify-center gap-2 bg-warn-soft px-4 py-1.5 text-[0.9rem] text-ink">
          {online ? <Spinner /> : <WifiOff aria-hidden className="size-4" />}
          {text}
        </p>
      )}
    </div>
  );
}

function useOnline(): boolean {
  return useSyncExternalStore(
    (listener) => {
      addEventListener("online", listener);
      addEventListener("offline", listener);
      return () => {
        removeEventListener("online", listener);
        removeEventListener("offline", listener);
      };
    },
    () => navigator.onLine,
  );
}

/** True once something has been so for a while. */
function useLasting(so: boolean, milliseconds: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!so) {
      setLasting(false);
      return;
    }
    const timer = setTimeout(() => setLasting(true), milliseconds);
    return () => clearTimeout(timer);
  }, [so, milliseconds]);
  return lasting;
}
