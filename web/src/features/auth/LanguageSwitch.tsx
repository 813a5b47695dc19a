import { useTranslation } from "react-i18next";
import { type Language, speak } from "@/lib/i18n";

const OTHER: Record<Language, { language: Language; label: string }> = {
  ru: { language: "en", label: "English" },
  en: { language: "ru", label: "Русский" },
};

export function LanguageSwitch() {
  const { i18n } = useTranslation();
  const other = OTHER[i18n.language as Language] ?? OTHER.en;
  return (
    <button
      type="button"
      lang={other.language}
      onClick={() => void speak(other.language)}
      className="rounded-lg px-2.5 py-1.5 text-[0.9rem] text-ink-soft hover:bg-hover hover:text-ink"
    >
      {other.label}
    </button>
  );
}
