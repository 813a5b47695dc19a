import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { readStored, writeStored } from "@/lib/storage";
import { problemWords } from "./problems";

export const LANGUAGES = ["ru", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

const KEY = "artel.language";

const LOADERS: Record<Language, () => Promise<object>> = {
  en: async () => (await import("./en")).en,
  ru: async () => (await import("./ru")).ru,
};

const LATER: Record<Language, () => Promise<object>> = {
  en: async () => (await import("./later.en")).later,
  ru: async () => (await import("./later.ru")).later,
};
/** Of a sign-in page where one may come through a provider: not many, so that they wait for no others. */
const OIDC: Record<Language, () => Promise<object>> = {
  en: async () => ({ oidc: (await import("./oidc.en")).oidc }),
  ru: async () => ({ oidc: (await import("./oidc.ru")).oidc }),
};
const wanted = new Set<typeof LATER>();

/** Loads the texts of parts that the first screen does not show; what is lazy waits for them. */
export function laterTexts(): Promise<void> {
  // The words for errors are best here before the first one: a server that fails may fail to send them, too.
  void problemWords();
  return want(LATER);
}

/** Loads the texts about signing in through a provider. */
export const oidcTexts = () => want(OIDC);

async function want(texts: typeof LATER): Promise<void> {
  wanted.add(texts);
  await add(texts, i18next.language as Language);
}

async function add(texts: typeof LATER, language: Language): Promise<void> {
  i18next.addResourceBundle(language, "translation", await texts[language](), true);
}

/** The language chosen last, otherwise the first of the browser's that we speak. */
function firstLanguage(): Language {
  const stored = readStored(KEY);
  const wanted = stored ? [stored] : navigator.languages;
  for (const tag of wanted) {
    const language = LANGUAGES.find((candidate) => tag.toLowerCase().startsWith(candidate));
    if (language) return language;
  }
  return "en";
}

export async function startTexts(): Promise<void> {
  const language = firstLanguage();
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    interpolation: { escapeValue: false },
    resources: { [language]: { translation: await LOADERS[language]() } },
  });
  document.documentElement.lang = language;
}

/** Speaks another language from now on, here and at the next visit. */
export async function speak(language: Language): Promise<void> {
  writeStored(KEY, language);
  if (i18next.language === language) return;
  if (!i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", await LOADERS[language]());
  }
  await Promise.all([...wanted].map((texts) => add(texts, language)));
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
