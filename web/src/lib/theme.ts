import { useSyncExternalStore } from "react";
import { readStored, writeStored } from "@/lib/storage";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "artel.theme";
const listeners = new Set<() => void>();
const systemDark = () => matchMedia("(prefers-color-scheme: dark)");

function chosenTheme(): Theme {
  const stored = readStored(KEY);
  return THEMES.find((theme) => theme === stored) ?? "system";
}

function applyTheme(): void {
  const theme = chosenTheme();
  const dark = theme === "dark" || (theme === "system" && systemDark().matches);
  document.documentElement.classList.toggle("dark", dark);
  document
    .querySelector('meta[name="theme-color"]')
    ?.setAttribute("content", getComputedStyle(document.documentElement).getPropertyValue("--canvas").trim());
}

/** Follows the system's theme and other tabs from now on. */
export function watchTheme(): void {
  const apply = () => {
    applyTheme();
    for (const listener of listeners) listener();
  };
  systemDark().addEventListener("change", apply);
  addEventListener("storage", (event) => event.key === KEY && apply());
  applyTheme();
}

export function setTheme(theme: Theme): void {
  writeStored(KEY, theme === "system" ? null : theme);
  applyTheme();
  for (const listener of listeners) listener();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, chosenTheme);
}
