import type { Token, Tokens } from "marked";
import { createContext } from "react";

/** What is added to the depth of a text's headings to put them under those of the page. */
export const HeadingShift = createContext(1);

/** The shift that makes a text's highest headings stand at `level`. */
export function shiftFor(blocks: readonly Token[], level: number): number {
  const depths = blocks.flatMap((block) => (block.type === "heading" ? (block as Tokens.Heading).depth : []));
  return level - Math.min(...depths, 6);
}
