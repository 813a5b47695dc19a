import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorText } from "@/ui/failures";
import { useToast } from "@/ui/toasts";

/** Does one thing at a time and says why it did not work. */
export function useAct() {
  const { t } = useTranslation();
  const toast = useToast();
  const [busy, setBusy] = useState(false);
  const act = async (deed: () => Promise<void>) => {
    setBusy(true);
    try {
      await deed();
    } catch (error) {
      toast({ title: errorText(t, error) });
    } finally {
      setBusy(false);
    }
  };
  return { busy, act };
}
