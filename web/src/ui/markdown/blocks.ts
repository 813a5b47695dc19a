import { lexer, type Token } from "marked";
import remend from "remend";

/** The top-level blocks of a Markdown text. While it is still being written, open emphasis and links are closed. */
export function blocksOf(text: string, streaming: boolean): Token[] {
  const source = streaming ? remend(text, { linkMode: "text-only" }) : text;
  return lexer(source, { gfm: true, breaks: true }).filter(
    (token) => token.type !== "space" && token.type !== "def",
  );
}

/** A link's address if it is one that a reader may follow, otherwise null: no scripts, no data, no files. */
export function safeHref(href: string): string | null {
  if (href.startsWith("#")) return href;
  try {
    const { protocol } = new URL(href, "https://relative.invalid");
    return ["http:", "https:", "mailto:"].includes(protocol) ? href : null;
  } catch {
    return null;
  }
}
