import type { Viewport } from "@xyflow/react";
import type { Layout, Size } from "./layout";

const FULL: Size = { width: 160, height: 124, gapX: 32, gapY: 16 };
const COMPACT: Size = { width: 160, height: 64, gapX: 40, gapY: 12 };
/** More tasks than this are drawn small. */
const MANY = 12;

const MARGIN = 20;
/** Below this the words could not be read: then the graph is moved about instead. */
const SMALLEST = 0.75;
const HIGHEST = 470;

export const sizesFor = (count: number): Size => (count > MANY ? COMPACT : FULL);
export const isCompact = (count: number) => count > MANY;

export function heightFor(layout: Layout, width: number): number {
  return Math.min(HIGHEST, layout.height * zoomFor(layout, width) + 2 * MARGIN);
}

/** All of the graph if it stays readable, otherwise its beginning. */
export function firstViewport(layout: Layout, box: { clientWidth: number; clientHeight: number }): Viewport {
  const zoom = zoomFor(layout, box.clientWidth);
  return {
    zoom,
    x: Math.max(MARGIN, (box.clientWidth - layout.width * zoom) / 2),
    y: Math.max(MARGIN, (box.clientHeight - layout.height * zoom) / 2),
  };
}

const zoomFor = (layout: Layout, width: number) =>
  Math.max(SMALLEST, Math.min(1, (width - 2 * MARGIN) / Math.max(1, layout.width)));
