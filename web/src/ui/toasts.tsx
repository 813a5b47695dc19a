import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";

export const useToasts = Toast.useToastManager;

/** Short notes at the edge of the page, with an optional action such as "Undo". */
export function ToastProvider({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider timeout={6000}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="fixed right-4 bottom-4 left-4 z-50 mx-auto flex max-w-sm flex-col gap-2 sm:right-4 sm:left-auto sm:mx-0 sm:w-96">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { toasts } = Toast.useToastManager();
  const { t } = useTranslation();
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="rounded-xl border border-line bg-raised shadow-float transition-opacity data-[ending-style]:opacity-0 data-[starting-style]:opacity-0"
    >
      <Toast.Content className="flex items-center gap-2 py-2 pr-2 pl-4">
        <div className="min-w-0 flex-1 py-1">
          <Toast.Title className="font-medium text-[0.93rem]" />
          <Toast.Description className="text-[0.87rem] text-ink-soft" />
        </div>
        <Toast.Action className="h-8 rounded-lg px-2.5 font-medium text-[0.9rem] text-accent-text hover:bg-hover" />
        <Toast.Close
          render={<IconButton icon={X} label={t("common.close")} size="sm" />}
          aria-label={t("common.close")}
        />
      </Toast.Content>
    </Toast.Root>
  ));
}
