import { createContext, useContext } from "react";

/** Keeps the reader's place from now on, until they go to the end again: what was opened may be longer than the screen. */
export const HoldContext = createContext<() => void>(() => undefined);

export const useHold = () => useContext(HoldContext);
