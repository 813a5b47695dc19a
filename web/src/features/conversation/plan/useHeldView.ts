import { useHold } from "@/ui/hold";
import { usePlanView, type View } from "@/ui/plan/PlanView";

/** As `usePlanView`; another view keeps the reader's place. */
export function useHeldView(count: number) {
  const hold = useHold();
  const { view, choose } = usePlanView(count);
  const chooseHeld = (next: View) => {
    hold();
    choose?.(next);
  };
  return { view, choose: choose && chooseHeld };
}
