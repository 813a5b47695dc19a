import type { Element, Root, RootContent, Text } from "hast";
import { memo, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { CopyButton } from "@/ui/CopyButton";
import type { Highlighter } from "@/ui/markdown/highlighter";

interface CodeBlockProps {
  code: string;
  language: string;
  /** Still being written. */
  open: boolean;
}

/** Longer code is shown plain: colouring it would hold up the page. */
const COLOUR_LIMIT = 60_000;

export const CodeBlock = memo(function CodeBlock({ code, language }: CodeBlockProps) {
  const { t } = useTranslation();
  const name = language.split(/[\s,{]/)[0]?.toLowerCase() ?? "";
  return (
    <figure className="code-block overflow-hidden rounded-xl border border-line bg-sunken">
      <figcaption className="flex h-9 items-center justify-between border-line border-b pr-1 pl-4 text-[0.8rem] text-ink-soft">
        <span>{name || t("code.plain")}</span>
        <CopyButton text={code} label={t("code.copy")} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: wide code must be scrollable by keyboard */}
      <pre className="scroll-thin" tabIndex={0}>
        <code>{code.length > COLOUR_LIMIT ? code : <Coloured code={code} language={name} />}</code>
      </pre>
    </figure>
  );
});

function Coloured({ code, language }: { code: string; language: string }) {
  const highlighter = useHighlighter(language !== "");
  const tree = highlighter?.(code, language);
  return tree ? <Nodes nodes={tree.children} /> : code;
}

/** Colours come with the first code block that names its language: they are no part of the first load. */
function useHighlighter(wanted: boolean): Highlighter | null {
  const [highlighter, setHighlighter] = useState<Highlighter | null>(null);
  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    import("@/ui/markdown/highlighter").then(
      ({ highlight }) => !gone && setHighlighter(() => highlight),
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [wanted]);
  return highlighter;
}

function Nodes({ nodes }: { nodes: (RootContent | Root["children"][number])[] }) {
  return nodes.map((node, index) => {
    if (node.type === "text") return (node as Text).value;
    if (node.type !== "element") return null;
    const { properties, children } = node as Element;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: spans have no other identity than their place
      <span key={index} className={String((properties.className as string[] | undefined)?.join(" ") ?? "")}>
        <Nodes nodes={children} />
      </span>
    );
  });
}
