// @vitest-environment happy-dom
import { cleanup, render, screen } from "@testing-library/react";
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { en } from "@/lib/i18n/en";
import { safeHref } from "@/ui/markdown/blocks";
import { Markdown } from "@/ui/markdown/Markdown";

beforeAll(() => i18next.use(initReactI18next).init({ lng: "en", resources: { en: { translation: en } } }));
afterEach(cleanup);

const html = (text: string, streaming = false) =>
  render(<Markdown text={text} streaming={streaming} />).container;

describe("Markdown", () => {
  it("shows what models write: emphasis, lists, tables, code", () => {
    const shown = html(
      "# Title\n\nSome **bold** and `code`\n\n1. one\n2. two\n   - deep\n\n|a|b|\n|-|-:|\n|1|2|\n\n- [x] done",
    );
    expect(shown.querySelector("h2")?.textContent).toBe("Title");
    expect(shown.querySelector("strong")?.textContent).toBe("bold");
    expect(shown.querySelectorAll("ol > li")).toHaveLength(2);
    expect(shown.querySelector("ol ul li")?.textContent).toBe("deep");
    expect(shown.querySelectorAll("td")).toHaveLength(2);
    expect(shown.querySelector<HTMLInputElement>("input[type=checkbox]")?.checked).toBe(true);
  });

  it("never makes elements of raw HTML", () => {
    const shown = html(
      '<script>alert(1)</script>\n\nHi <img src=x onerror="alert(1)"> <b onclick="x()">b</b>',
    );
    expect(shown.querySelector("script, img, b")).toBeNull();
    expect(shown.textContent).toContain('<img src=x onerror="alert(1)">');
  });

  it("links only where a reader may go, and tells the other side nothing", () => {
    html("[good](https://example.org) [bad](javascript:alert(1)) [data](data:text/html,x)");
    const links = screen.getAllByRole("link");
    expect(links).toHaveLength(1);
    expect(links[0]?.getAttribute("rel")).toContain("noopener");
    expect(links[0]?.getAttribute("target")).toBe("_blank");
  });

  it("loads no picture from elsewhere", () => {
    expect(html("![a cat](https://example.org/cat.png)").querySelector("img")).toBeNull();
    expect(screen.getByRole("link").textContent).toBe("a cat");
  });

  it("shows unfinished emphasis as it will be, and not as stars", () => {
    expect(html("This is **bol", true).querySelector("strong")?.textContent).toBe("bol");
  });

  it("keeps finished blocks as they are while the last one grows", () => {
    const { container, rerender } = render(<Markdown text={"One\n\nTwo"} streaming />);
    const first = container.querySelector("p");
    rerender(<Markdown text={"One\n\nTwo and more"} streaming />);
    expect(container.querySelector("p")).toBe(first);
    expect(container.textContent).toBe("OneTwo and more");
  });

  it("shows entities as their characters, in text but not in code", () => {
    expect(html("a &lt; b &amp; c `&lt;`").textContent).toBe("a < b & c &lt;");
  });
});

describe("an address", () => {
  it.each(["https://a.org", "http://a.org/x?y=1", "mailto:a@b.org", "/chat/1", "#part"])(
    "like %j is followed",
    (href) => expect(safeHref(href)).toBe(href),
  );
  it.each(["javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "vbscript:x", "file:///etc/passwd"])(
    "like %j is not",
    (href) => expect(safeHref(href)).toBeNull(),
  );
});
