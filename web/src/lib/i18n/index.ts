import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { readStored, writeStored } from "@/lib/storage";

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
let laterWanted = false;

/** Loads the texts of parts that the first screen does not show; what is lazy waits for them. */
export async function laterTexts(): Promise<void> {
  laterWanted = true;
  await addLater(i18next.language as Language);
}

async function addLater(language: Language): Promise<void> {
  const texts = await LATER[language]();
  i18next.addResourceBundle(language, "translation", texts, true);
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
  if (laterWanted) await addLater(language);
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
