/** A steady hue (0-359) for a name, so that an agent keeps its colour everywhere. */
export function hueOf(name: string): number {
  let hash = 2166136261;
  for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619);
  return (hash >>> 0) % 360;
}

/** One or two letters that stand for a name. */
export function initialsOf(name: string): string {
  const words = name
    .trim()
    .split(/[\s_-]+/)
    .filter(Boolean);
  const letters =
    words.length > 1 ? words.slice(0, 2).map((word) => [...word][0]) : [[...(words[0] ?? "?")][0]];
  return letters.join("").toUpperCase();
}
