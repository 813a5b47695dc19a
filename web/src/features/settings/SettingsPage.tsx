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
import { Redirect } from "wouter";
import type { Me } from "@/api/types";
import { PageHeader } from "@/ui/PageHeader";
import { SectionLinks } from "@/ui/SectionLinks";
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

const addressOf = ({ path }: Section) => `/settings/${path}`;

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
          <SectionLinks
            aside
            label={t("settings.title")}
            current={addressOf(current)}
            links={[
              ...SECTIONS.map((each) => ({
                href: addressOf(each),
                label: t(`settings.${each.label}`),
                icon: each.icon,
              })),
              { href: "/decisions", label: t("audit.title"), icon: ScrollText },
            ]}
          />
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
