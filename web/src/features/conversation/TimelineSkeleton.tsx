import { useTranslation } from "react-i18next";
import { Skeleton } from "@/ui/Skeleton";

/** Where messages are about to be. */
export function TimelineSkeleton() {
  const { t } = useTranslation();
  return (
    <div className="mx-auto flex w-full max-w-3xl flex-1 flex-col gap-7 px-4 pt-8 md:px-6" role="status">
      <span className="sr-only">{t("common.loading")}</span>
      <Skeleton className="ml-auto h-11 w-2/5 rounded-2xl" />
      <div className="flex gap-3">
        <Skeleton className="size-8 shrink-0 rounded-lg" />
        <div className="flex flex-1 flex-col gap-2.5 pt-1">
          <Skeleton className="h-4 w-28" />
          <Skeleton className="h-4 w-full" />
          <Skeleton className="h-4 w-11/12" />
          <Skeleton className="h-4 w-2/3" />
        </div>
      </div>
    </div>
  );
}
