import type { Token, Tokens } from "marked";
import { Fragment } from "react";
import { safeHref } from "@/ui/markdown/blocks";

/** A run of text with emphasis, code and links. */
export function Inline({ tokens }: { tokens: Token[] | undefined }) {
  return (tokens ?? []).map((token, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: spans have no other identity than their place
    <Fragment key={index}>
      <Span token={token} />
    </Fragment>
  ));
}

function Span({ token }: { token: Token }) {
  switch (token.type) {
    case "strong":
      return (
        <strong>
          <Inline tokens={token.tokens} />
        </strong>
      );
    case "em":
      return (
        <em>
          <Inline tokens={token.tokens} />
        </em>
      );
    case "del":
      return (
        <del>
          <Inline tokens={token.tokens} />
        </del>
      );
    case "codespan":
      return <code>{token.text}</code>;
    case "br":
      return <br />;
    case "link":
      return <Link href={(token as Tokens.Link).href} tokens={token.tokens} />;
    case "image":
      // A picture from elsewhere would tell its server who reads: it is offered as a link.
      return (
        <Link
          href={(token as Tokens.Image).href}
          tokens={[{ type: "text", raw: "", text: token.text || token.href }]}
        />
      );
    case "escape":
      return token.text;
    case "text":
      return token.tokens ? <Inline tokens={token.tokens} /> : decoded(token.text);
    default:
      return token.raw;
  }
}

function Link({ href, tokens }: { href: string; tokens: Token[] | undefined }) {
  const safe = safeHref(href);
  if (!safe) return <Inline tokens={tokens} />;
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer nofollow">
      <Inline tokens={tokens} />
    </a>
  );
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

/** The few entities that models write; anything else stays as it stands. */
function decoded(text: string): string {
  return text.replace(/&(#\d+|#x[\da-f]+|[a-z]+);/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return ENTITIES[name] ?? whole;
    const code = name[1] === "x" ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
