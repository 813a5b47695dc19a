import { createContext, useContext } from "react";

/** Which task of which run is open beside the conversation. */
export interface TaskRef {
  runId: string;
  taskId: string;
}

export interface Selection {
  selected: TaskRef | null;
  open: (task: TaskRef | null) => void;
}

export const SelectionContext = createContext<Selection>({ selected: null, open: () => undefined });

export const useSelection = () => useContext(SelectionContext);
