import type { Token } from "marked";
import { memo, useMemo } from "react";
import { Block } from "@/ui/markdown/Block";
import { blocksOf } from "@/ui/markdown/blocks";
import { HeadingShift, shiftFor } from "@/ui/markdown/headings";

interface MarkdownProps {
  text: string;
  streaming?: boolean;
  /** The level of the text's highest headings: one below those it stands under. */
  level?: number;
}

/** Shows Markdown as React elements: no HTML is ever injected, and while text streams only its last block changes. */
export const Markdown = memo(function Markdown({ text, streaming = false, level = 2 }: MarkdownProps) {
  const blocks = useMemo(() => blocksOf(text, streaming), [text, streaming]);
  return (
    <HeadingShift value={shiftFor(blocks, level)}>
      <div className="prose-answer">
        {blocks.map((token, index) => (
          // A block keeps its place while text is only ever appended.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <StableBlock key={index} token={token} open={streaming && index === blocks.length - 1} />
        ))}
      </div>
    </HeadingShift>
  );
});

const StableBlock = memo(
  ({ token, open }: { token: Token; open: boolean }) => <Block token={token} open={open} />,
  (before, after) => before.token.raw === after.token.raw && before.open === after.open,
);
