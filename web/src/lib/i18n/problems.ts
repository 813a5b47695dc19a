import i18next from "i18next";
import type { Language } from ".";

/** What a sentence of the server names: bounds, names, moments in ISO 8601. */
export type Figures = Record<string, string | number>;
type Say = (own: string, reason?: string, figures?: Figures) => string;

const NAMESPACE = "problems";
/** For somebody who waits to be told what went wrong. */
const PATIENCE_MS = 3000;

// tests/unit/test_problem_texts.py looks into these files for every reason that the server may give.
const TEXTS: Record<Language, () => Promise<{ default: object }>> = {
  en: () => import("./problems.en.json"),
  ru: () => import("./problems.ru.json"),
};

/**
 * Says what the server says in the page's language, by the sentence's reason and figures; in the server's own
 * words when the page has none for it, or cannot load them.
 */
export async function problemWords(): Promise<Say> {
  const language = i18next.language as Language | undefined;
  if (!language || !(await load(language))) return (own) => own;
  return (own, reason, figures = {}) => {
    const options = { lng: language, ns: NAMESPACE, count: counted(figures), ...spoken(figures, language) };
    return reason && texts.exists(reason, options) ? texts.t(reason, options) : own;
  };
}

// Which reasons there are is for the server to say: the types of the page's own texts know none of them.
const texts = i18next as unknown as {
  exists: (reason: string, options: object) => boolean;
  t: (reason: string, options: object) => string;
};

async function load(language: Language): Promise<boolean> {
  if (i18next.hasResourceBundle(language, NAMESPACE)) return true;
  const loading = TEXTS[language]().then(
    ({ default: loaded }) => {
      i18next.addResourceBundle(language, NAMESPACE, loaded);
      return true;
    },
    () => false,
  );
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, PATIENCE_MS, false));
  return Promise.race([loading, late]);
}

/** The number that the words of a sentence bend to. */
const counted = (figures: Figures) => Object.values(figures).find((figure) => typeof figure === "number");

function spoken(figures: Figures, language: Language): Figures {
  return Object.fromEntries(
    Object.entries(figures).map(([name, figure]) => [
      name,
      typeof figure === "string" ? moment(figure, language) : figure,
    ]),
  );
}

function moment(text: string, language: Language): string {
  const time = /^\d{4}-\d\d-\d\d(T\d\d:\d\d.*)?$/.exec(text);
  if (!time) return text;
  const style = time[1]
    ? ({ dateStyle: "long", timeStyle: "short" } as const)
    : ({ dateStyle: "long", timeZone: "UTC" } as const);
  // "1 марта 2026 г." would bring a full stop of its own to the sentence's end.
  return new Intl.DateTimeFormat(language, style).format(new Date(text)).replace(/\sг\.$/, "");
}
