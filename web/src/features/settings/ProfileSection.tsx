import { useTranslation } from "react-i18next";
import { useSetLocale } from "@/api/account";
import type { Me } from "@/api/types";
import { LANGUAGES, type Language, speak } from "@/lib/i18n";
import { Choice } from "@/ui/Choice";
import { PasswordForm } from "./PasswordForm";

const NAMES: Record<Language, string> = { ru: "Русский", en: "English" };

export function ProfileSection({ me }: { me: Me }) {
  const { t, i18n } = useTranslation();
  const setLocale = useSetLocale();
  return (
    <div className="flex flex-col gap-9">
      <dl className="grid grid-cols-[auto_1fr] gap-x-8 gap-y-2 text-[0.93rem]">
        <dt className="text-ink-soft">{t("settings.email")}</dt>
        <dd className="truncate">{me.email}</dd>
        <dt className="text-ink-soft">{t("settings.role")}</dt>
        <dd>{t(`settings.roles.${me.role}`)}</dd>
      </dl>
      <Choice
        label={t("settings.language")}
        value={i18n.language as Language}
        options={LANGUAGES.map((language) => ({ value: language, label: NAMES[language] }))}
        onChange={(language) => {
          void speak(language);
          setLocale.mutate(language);
        }}
      />
      <PasswordForm email={me.email} />
    </div>
  );
}
