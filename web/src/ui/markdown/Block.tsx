import type { Token, Tokens } from "marked";
import { useContext } from "react";
import { CodeBlock } from "@/ui/markdown/CodeBlock";
import { HeadingShift } from "@/ui/markdown/headings";
import { Inline } from "@/ui/markdown/Inline";

/** One block of Markdown. `open`: more of it is still being written. */
export function Block({ token, open = false }: { token: Token; open?: boolean }) {
  switch (token.type) {
    case "heading":
      return <Heading heading={token as Tokens.Heading} />;
    case "paragraph":
      return (
        <p>
          <Inline tokens={token.tokens} />
        </p>
      );
    case "text":
      return <Inline tokens={token.tokens ?? [token]} />;
    case "code":
      return (
        <CodeBlock
          code={(token as Tokens.Code).text}
          language={(token as Tokens.Code).lang ?? ""}
          open={open}
        />
      );
    case "blockquote":
      return (
        <blockquote>
          <Blocks tokens={token.tokens} />
        </blockquote>
      );
    case "list":
      return <List list={token as Tokens.List} />;
    case "table":
      return <Table table={token as Tokens.Table} />;
    case "hr":
      return <hr />;
    default:
      // Raw HTML and whatever else is shown as it was written.
      return <p>{token.raw}</p>;
  }
}

/** A heading under those of the page: the writer's first kind follows the page's last, whatever the writer calls it. */
function Heading({ heading }: { heading: Tokens.Heading }) {
  const shift = useContext(HeadingShift);
  const Level = `h${Math.min(6, Math.max(2, heading.depth + shift))}` as "h2" | "h3" | "h4" | "h5" | "h6";
  return (
    <Level className={`md-h${heading.depth}`}>
      <Inline tokens={heading.tokens} />
    </Level>
  );
}

function Blocks({ tokens }: { tokens: Token[] | undefined }) {
  const shown = (tokens ?? []).filter((token) => token.type !== "space" && token.type !== "checkbox");
  // biome-ignore lint/suspicious/noArrayIndexKey: blocks have no other identity than their place
  return shown.map((token, index) => <Block key={index} token={token} />);
}

function List({ list }: { list: Tokens.List }) {
  const items = list.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: items have no other identity than their place
    <li key={index}>
      {item.task && <input type="checkbox" checked={item.checked ?? false} readOnly disabled />}
      <Blocks tokens={item.tokens} />
    </li>
  ));
  return list.ordered ? <ol start={Number(list.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ table }: { table: Tokens.Table }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table must be scrollable by keyboard
    <div className="table-scroll scroll-thin" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {table.header.map((cell, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: cells have no other identity than their place
              <th key={index} style={{ textAlign: cell.align ?? undefined }}>
                <Inline tokens={cell.tokens} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, rowIndex) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            <tr key={rowIndex}>
              {row.map((cell, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: as above
                <td key={index} style={{ textAlign: cell.align ?? undefined }}>
                  <Inline tokens={cell.tokens} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
