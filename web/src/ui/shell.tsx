import { createContext, useContext } from "react";

/** What a page inside the shell may ask of it. */
export interface Shell {
  openMenu: () => void;
  /** Whether the panel on the right is wanted (wide screens) or open (narrow ones). */
  detailsOpen: boolean;
  setDetailsOpen: (open: boolean) => void;
  /** How many decisions wait for the user. */
  waiting: number;
  /** Room for three columns. */
  wide: boolean;
}

export const ShellContext = createContext<Shell>({
  openMenu: () => undefined,
  detailsOpen: false,
  setDetailsOpen: () => undefined,
  waiting: 0,
  wide: true,
});

export const useShell = () => useContext(ShellContext);
