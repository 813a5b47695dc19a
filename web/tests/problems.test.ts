import i18next from "i18next";
import { afterEach, describe, expect, it } from "vitest";
import { problemWords } from "@/lib/i18n/problems";
import en from "@/lib/i18n/problems.en.json";
import ru from "@/lib/i18n/problems.ru.json";

const FORMS = { en: ["one", "other"], ru: ["one", "few", "many", "other"] };
const PLURAL = /_(one|few|many|other)$/;

async function speaking(language: "en" | "ru") {
  await i18next.init({ lng: language, fallbackLng: false, interpolation: { escapeValue: false } });
  return problemWords();
}

afterEach(() => i18next.init({ lng: undefined, resources: {} }));

describe("the words for what the server refuses", () => {
  it("bend to the figure", async () => {
    const say = await speaking("ru");
    const longest = (count: number) => say("String should…", "string_too_long", { max_length: count });
    expect([longest(1), longest(2), longest(60), longest(101)]).toEqual([
      "Не длиннее 1 знака.",
      "Не длиннее 2 знаков.",
      "Не длиннее 60 знаков.",
      "Не длиннее 101 знака.",
    ]);
    expect(longest(20_000)).toMatch(/^Не длиннее 20\s000 знаков\.$/);
  });

  it("tell an empty field from one that is too short", async () => {
    const say = await speaking("en");
    expect(say("String should…", "string_too_short", { min_length: 1 })).toBe("This is needed.");
    expect(say("String should…", "string_too_short", { min_length: 8 })).toBe(
      "At least 8 characters, please.",
    );
  });

  it("say days and moments as people do", async () => {
    const say = await speaking("ru");
    expect(say("It must…", "not_after", { last: "2026-03-01" })).toBe("Не позже 1 марта 2026.");
    const free = say("…", "messages-used-up", { limit: 5, of: "day", free_at: "2026-03-01T00:00:00+00:00" });
    expect(free).toMatch(/\(лимит: 5\)\. Новые появятся .*2026/);
  });

  it("are the server's own where the page has none", async () => {
    const say = await speaking("ru");
    expect(say("Something new.", "never-heard-of", {})).toBe("Something new.");
    expect(say("Of an older server.")).toBe("Of an older server.");
    expect((await speaking("en"))("There is no such chat.", "no-such-session")).toBe(
      "There is no such chat.",
    );
  });

  it("have every plural form that their language needs", () => {
    for (const [texts, forms] of [
      [en, FORMS.en],
      [ru, FORMS.ru],
    ] as const)
      for (const key of Object.keys(texts).filter((name) => PLURAL.test(name)))
        for (const form of forms) expect(texts).toHaveProperty([key.replace(PLURAL, `_${form}`)]);
  });
});
