import type { Token } from "marked";
import { memo, useMemo } from "react";
import { Block } from "@/ui/markdown/Block";
import { blocksOf } from "@/ui/markdown/blocks";

interface MarkdownProps {
  text: string;
  streaming?: boolean;
}

/** Shows Markdown as React elements: no HTML is ever injected, and while text streams only its last block changes. */
export const Markdown = memo(function Markdown({ text, streaming = false }: MarkdownProps) {
  const blocks = useMemo(() => blocksOf(text, streaming), [text, streaming]);
  return (
    <div className="prose-answer">
      {blocks.map((token, index) => (
        // A block keeps its place while text is only ever appended.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <StableBlock key={index} token={token} open={streaming && index === blocks.length - 1} />
      ))}
    </div>
  );
});

const StableBlock = memo(
  ({ token, open }: { token: Token; open: boolean }) => <Block token={token} open={open} />,
  (before, after) => before.token.raw === after.token.raw && before.open === after.open,
);
