import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useOptions, useSetLocale } from "@/api/account";
import { keys } from "@/api/keys";
import type { Me } from "@/api/types";
import { LANGUAGES, type Language, speak } from "@/lib/i18n";
import { Choice } from "@/ui/Choice";
import { useToast } from "@/ui/toasts";
import { FirstPassword } from "./FirstPassword";
import { IdentityForm } from "./IdentityForm";
import { PasswordForm } from "./PasswordForm";

const NAMES: Record<Language, string> = { ru: "Русский", en: "English" };

export function ProfileSection({ me }: { me: Me }) {
  const { t, i18n } = useTranslation();
  const setLocale = useSetLocale();
  const { data: options } = useOptions();
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
      <Passwords me={me} />
      {options?.oidc && <IdentityForm me={me} />}
    </div>
  );
}

/** The password is changed, or set for the first time; nothing where there are none. */
function Passwords({ me }: { me: Me }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const toast = useToast();
  const { data: options } = useOptions();
  if (options && !options.password) return null;
  if (me.has_password) return <PasswordForm email={me.email} />;
  return (
    <FirstPassword
      email={me.email}
      name={options?.oidc?.name ?? ""}
      onDone={() => {
        toast({ title: t("oidc.passwordSet") });
        for (const key of [keys.me, keys.identity]) void client.invalidateQueries({ queryKey: key });
      }}
    />
  );
}
