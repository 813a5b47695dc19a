import { useTranslation } from "react-i18next";
import { modKey } from "@/lib/hotkeys";
import { setTheme, THEMES, useTheme } from "@/lib/theme";
import { Choice } from "@/ui/Choice";

export function AppearanceSection() {
  const { t } = useTranslation();
  const theme = useTheme();
  return (
    <div className="flex flex-col gap-9">
      <Choice
        label={t("settings.theme")}
        value={theme}
        options={THEMES.map((value) => ({ value, label: t(`settings.themes.${value}`) }))}
        onChange={setTheme}
      />
      <Hotkeys />
    </div>
  );
}

function Hotkeys() {
  const { t } = useTranslation();
  const mod = modKey();
  const rows = [
    ["palette", `${mod}K`],
    ["newChat", `${mod}Shift+O`],
    ["composer", "/"],
    ["mention", "@"],
    ["send", "Enter"],
    ["newline", "Shift+Enter"],
    ["stop", "Esc"],
  ] as const;
  return (
    <div>
      <h3 className="mb-2 font-medium text-[0.93rem]">{t("settings.keyboard")}</h3>
      <dl className="divide-y divide-line rounded-xl border border-line bg-raised text-[0.93rem]">
        {rows.map(([name, keys]) => (
          <div key={name} className="flex items-center justify-between gap-4 px-4 py-2">
            <dt className="text-ink-soft">{t(`settings.hotkeys.${name}`)}</dt>
            <dd>
              <kbd className="rounded-md border border-line bg-sunken px-2 py-0.5 font-sans text-[0.83rem]">
                {keys}
              </kbd>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
