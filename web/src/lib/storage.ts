/** Text kept in the browser. Storage may be full, refused or absent: then nothing is kept, and nothing breaks. */
export function readStored(key: string, area: () => Storage = () => localStorage): string | null {
  try {
    return area().getItem(key);
  } catch {
    return null;
  }
}

export function writeStored(
  key: string,
  value: string | null,
  area: () => Storage = () => localStorage,
): void {
  try {
    if (value === null || value === "") area().removeItem(key);
    else area().setItem(key, value);
  } catch {
    // Nothing to do: see above.
  }
}
