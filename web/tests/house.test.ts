import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = join(import.meta.dirname, "../src");
/** From the top down: each room may import only what stands below it. */
const ROOMS = ["app", "features", "ui", "live", "api", "lib"];

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(ts|tsx)$/.test(name) && !name.endsWith("schema.d.ts"))
  .map((name) => ({ name: name.replaceAll("\\", "/"), text: readFileSync(join(SRC, name), "utf8") }));

function importsOf(name: string, text: string): string[] {
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].flatMap(([, target = ""]) => {
    if (target.startsWith("@/")) return [target.slice(2)];
    if (target.startsWith(".")) return [relative(SRC, join(SRC, name, "..", target)).replaceAll("\\", "/")];
    return [];
  });
}

describe("the rooms of the page", () => {
  it("import only downwards, and features never each other", () => {
    const wrong = files.flatMap(({ name, text }) =>
      importsOf(name, text)
        .filter((target) => {
          const [from = "", feature] = name.split("/");
          const [to = "", other] = target.split("/");
          if (from === "features" && to === "features") return feature !== other;
          return ROOMS.indexOf(to) < ROOMS.indexOf(from);
        })
        .map((target) => `${name} -> ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  it("are made of small files", () => {
    const lengths = files
      .filter(({ name }) => !name.includes("i18n/"))
      .map(({ text }) => text.split("\n").length);
    const median = lengths.sort((left, right) => left - right)[Math.floor(lengths.length / 2)];
    expect(median).toBeLessThanOrEqual(80);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(300);
  });

  it("inject no HTML and no styles", () => {
    for (const { name, text } of files) {
      expect(text, name).not.toMatch(
        /dangerouslySetInnerHTML|\.innerHTML|insertAdjacentHTML|createElement\("style"\)/,
      );
    }
  });
});
