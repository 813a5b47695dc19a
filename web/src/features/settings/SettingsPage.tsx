import {
  Archive,
  Cpu,
  KeyRound,
  type LucideIcon,
  MonitorSmartphone,
  Palette,
  Plug,
  ScrollText,
  UserRound,
} from "lucide-react";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { Link, Redirect } from "wouter";
import type { Me } from "@/api/types";
import { cx } from "@/lib/cx";
import { PageHeader } from "@/ui/PageHeader";
import { ApiKeysSection } from "./ApiKeysSection";
import { AppearanceSection } from "./AppearanceSection";
import { DataSection } from "./data/DataSection";
import { ModelsSection } from "./ModelsSection";
import { ProfileSection } from "./ProfileSection";
import { SignInsSection } from "./SignInsSection";
import { ServersSection } from "./servers/ServersSection";

interface Section {
  path: string;
  label: "profile" | "models" | "servers" | "apiKeys" | "signIns" | "data" | "appearance";
  icon: LucideIcon;
  content: ComponentType<{ me: Me }>;
}

const SECTIONS: Section[] = [
  { path: "profile", label: "profile", icon: UserRound, content: ProfileSection },
  { path: "models", label: "models", icon: Cpu, content: ModelsSection },
  { path: "servers", label: "servers", icon: Plug, content: ServersSection },
  { path: "api-keys", label: "apiKeys", icon: KeyRound, content: ApiKeysSection },
  { path: "sign-ins", label: "signIns", icon: MonitorSmartphone, content: SignInsSection },
  { path: "data", label: "data", icon: Archive, content: DataSection },
  { path: "appearance", label: "appearance", icon: Palette, content: AppearanceSection },
];

/** On a phone the sections stand in a row that is wider than the screen. */
const intoView = (link: HTMLElement | null) => link?.scrollIntoView({ block: "nearest", inline: "center" });

export function SettingsPage({ me, section }: { me: Me; section: string | undefined }) {
  const { t } = useTranslation();
  const current = SECTIONS.find((candidate) => candidate.path === section);
  if (!current) return <Redirect to="/settings/profile" replace />;
  const Content = current.content;
  return (
    <main id="main" aria-label={t("settings.title")} className="flex h-full min-w-0 flex-col">
      <PageHeader>
        <h1 className="font-semibold">{t("settings.title")}</h1>
      </PageHeader>
      <div className="scroll-thin min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-4xl flex-col gap-6 px-4 py-6 md:px-6 lg:flex-row lg:gap-10">
          <nav aria-label={t("settings.title")} className="shrink-0 lg:w-56">
            <ul className="scroll-thin -mx-4 flex gap-1 overflow-x-auto px-4 pb-1 lg:mx-0 lg:flex-col lg:p-0">
              {SECTIONS.map(({ path, label, icon: Icon }) => (
                <li key={path} className="shrink-0">
                  <Link
                    href={`/settings/${path}`}
                    aria-current={path === current.path ? "page" : undefined}
                    ref={path === current.path ? intoView : undefined}
                    className={cx(
                      "flex h-9 items-center gap-2.5 rounded-lg px-2.5 text-[0.93rem] hover:bg-hover",
                      path === current.path ? "bg-hover font-medium" : "text-ink-soft",
                    )}
                  >
                    <Icon aria-hidden className="size-4" />
                    {t(`settings.${label}`)}
                  </Link>
                </li>
              ))}
              <li className="shrink-0">
                <Link
                  href="/decisions"
                  className="flex h-9 items-center gap-2.5 rounded-lg px-2.5 text-[0.93rem] text-ink-soft hover:bg-hover"
                >
                  <ScrollText aria-hidden className="size-4" />
                  {t("audit.title")}
                </Link>
              </li>
            </ul>
          </nav>
          <section aria-labelledby="section-title" className="min-w-0 flex-1 pb-10">
            <h2 id="section-title" className="mb-4 font-semibold text-[1.2rem]">
              {t(`settings.${current.label}`)}
            </h2>
            <Content me={me} />
          </section>
        </div>
      </div>
    </main>
  );
}
