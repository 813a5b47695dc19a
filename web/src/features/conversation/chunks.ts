/** So many messages are shown or left out together; a page of history is a multiple of it. */
export const CHUNK = 25;

/**
 * The messages in chunks whose borders stay where they are when messages are added at either end: `origin` is the
 * index of a message that always begins a chunk.
 */
export function chunksOf(order: readonly string[], origin: number): string[][] {
  const chunks: string[][] = [];
  const first = origin % CHUNK;
  if (first > 0) chunks.push(order.slice(0, first));
  for (let start = first; start < order.length; start += CHUNK)
    chunks.push(order.slice(start, start + CHUNK));
  return chunks;
}

const ROW_PX = 90;
const LINE_PX = 25;
const LINE_CHARACTERS = 85;

/** About how high a chunk is that was never shown. */
export function guessHeight(contents: string[]): number {
  const lines = contents.reduce((sum, content) => sum + Math.ceil(content.length / LINE_CHARACTERS), 0);
  return contents.length * ROW_PX + lines * LINE_PX;
}
