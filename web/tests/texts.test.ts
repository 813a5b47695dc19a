import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "@/lib/i18n/en";
import { later as laterEn } from "@/lib/i18n/later.en";
import { later as laterRu } from "@/lib/i18n/later.ru";
import { ru } from "@/lib/i18n/ru";

const SRC = join(import.meta.dirname, "../src");
const PLURAL = /_(zero|one|two|few|many|other)$/;

function flat(texts: object, path = ""): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([key, value]): [string, string][] =>
      typeof value === "string" ? [[path + key, value]] : Object.entries(flat(value, `${path}${key}.`)),
    ),
  );
}

const english = { ...flat(en), ...flat(laterEn) };
const russian = { ...flat(ru), ...flat(laterRu) };
const names = (texts: Record<string, string>) =>
  new Set(Object.keys(texts).map((key) => key.replace(PLURAL, "")));
const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();

const code = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !name.includes("i18n"))
  .map((name) => readFileSync(join(SRC, name), "utf8"))
  .join("\n");

/** Whether the code names the text, whole or by the group it is chosen from. */
function isUsed(key: string): boolean {
  if (code.includes(`"${key}"`)) return true;
  const parts = key.split(".");
  return parts.some((_part, depth) => depth > 0 && code.includes(`\`${parts.slice(0, depth).join(".")}.\${`));
}

describe("texts", () => {
  it("are all used", () => {
    expect([...names(english)].filter((key) => !isUsed(key))).toEqual([]);
  });

  it("are all there in both languages", () => {
    expect([...names(russian)].sort()).toEqual([...names(english)].sort());
  });

  it("say nothing empty", () => {
    for (const [key, text] of Object.entries({ ...english, ...russian }))
      expect(text.trim(), key).not.toBe("");
  });

  it("have every plural form that their language needs", () => {
    const check = (texts: Record<string, string>, forms: string[]) => {
      const counted = new Set(
        Object.keys(texts)
          .filter((key) => PLURAL.test(key))
          .map((key) => key.replace(PLURAL, "")),
      );
      for (const key of counted)
        for (const form of forms) expect(texts, key).toHaveProperty([`${key}_${form}`]);
    };
    check(english, ["one", "other"]);
    check(russian, ["one", "few", "many", "other"]);
  });

  it("take the same values in both languages", () => {
    for (const [key, text] of Object.entries(english)) {
      if (russian[key] !== undefined && !PLURAL.test(key))
        expect(holes(russian[key]), key).toEqual(holes(text));
    }
  });
});
