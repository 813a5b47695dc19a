import { List, Maximize2, Workflow } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { patiently } from "@/lib/patiently";
import { readStored, writeStored } from "@/lib/storage";
import { useMedia } from "@/lib/useMedia";
import { IconButton } from "@/ui/IconButton";
import { Skeleton } from "@/ui/Skeleton";
import { PlanList } from "./PlanList";
import type { PlanViewProps } from "./types";

const PlanGraph = lazy(() => patiently(() => import("./PlanGraph")));
const Enlarged = lazy(async () => ({ default: (await patiently(() => import("./Enlarged"))).Enlarged }));
const KEY = "artel.plan-view";

export type View = "graph" | "list";

/** How plans are shown: as the reader chose last. A phone has room for the list only, and one task is no graph. */
export function usePlanView(count: number) {
  const roomy = useMedia("(min-width: 640px)");
  const [wanted, setWanted] = useState<View>(() => (readStored(KEY) === "list" ? "list" : "graph"));
  const choice = roomy && count > 1;
  const choose = (view: View) => {
    setWanted(view);
    writeStored(KEY, view === "list" ? "list" : null);
  };
  return { view: choice ? wanted : ("list" as const), choose: choice ? choose : null };
}

/** The graph or the list of a plan's tasks. */
export function PlanView({ view, ...props }: PlanViewProps & { view: View }) {
  if (view === "list") return <PlanList {...props} />;
  return (
    <Suspense fallback={<Skeleton className="m-4 h-40" />}>
      <PlanGraph {...props} />
    </Suspense>
  );
}

interface ViewSwitchProps extends PlanViewProps {
  view: View;
  choose: ((view: View) => void) | null;
}

/** A line above the tasks: a word on them, and the ways to look at them. */
export function ViewBar({ note, view, choose, ...props }: ViewSwitchProps & { note: string }) {
  return (
    <div className="flex min-h-9 items-center gap-2 border-line border-t py-0.5 pr-2 pl-4">
      <p className="min-w-0 flex-1 text-[0.8rem] text-ink-faint">{note}</p>
      <ViewSwitch view={view} choose={choose} {...props} />
    </div>
  );
}

/** Switches between graph and list, and opens the graph over the whole page. */
function ViewSwitch({ view, choose, ...props }: ViewSwitchProps) {
  const { t } = useTranslation();
  const [large, setLarge] = useState(false);
  if (!choose) return null;
  return (
    <div className="flex shrink-0">
      {view === "graph" && (
        <IconButton icon={Maximize2} label={t("plan.enlarge")} size="sm" onClick={() => setLarge(true)} />
      )}
      <IconButton
        icon={view === "graph" ? List : Workflow}
        label={view === "graph" ? t("plan.asList") : t("plan.asGraph")}
        size="sm"
        onClick={() => choose(view === "graph" ? "list" : "graph")}
      />
      <Suspense fallback={null}>
        {large && (
          <Enlarged
            {...props}
            onClose={() => setLarge(false)}
            onOpen={
              props.onOpen &&
              ((id) => {
                setLarge(false);
                props.onOpen?.(id);
              })
            }
          />
        )}
      </Suspense>
    </div>
  );
}
