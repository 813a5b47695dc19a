/** Names with their values, as they are typed: lines that are not filled in mean nothing. */
export interface Entry {
  key: number;
  name: string;
  value: string;
}

let next = 0;

export const newEntry = (): Entry => {
  next += 1;
  return { key: next, name: "", value: "" };
};

export const valuesOf = (entries: readonly Entry[]): Record<string, string> =>
  Object.fromEntries(
    entries.filter((entry) => entry.name.trim()).map((entry) => [entry.name.trim(), entry.value.trim()]),
  );

/** A command as it is typed: the program and its arguments, one on each line. */
export const commandOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
