import { Activity, type LucideIcon, MailPlus, ScrollText, SlidersHorizontal, UsersRound } from "lucide-react";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { Redirect } from "wouter";
import type { Me } from "@/api/types";
import { PageHeader } from "@/ui/PageHeader";
import { SectionLinks } from "@/ui/SectionLinks";
import { HealthSection } from "./HealthSection";
import { InvitationsSection } from "./InvitationsSection";
import { LogSection } from "./LogSection";
import { PeopleSection } from "./PeopleSection";
import { SettingsSection } from "./SettingsSection";

interface Section {
  path: "people" | "invitations" | "settings" | "health" | "log";
  icon: LucideIcon;
  content: ComponentType<{ me: Me }>;
}

const SECTIONS: Section[] = [
  { path: "people", icon: UsersRound, content: PeopleSection },
  { path: "invitations", icon: MailPlus, content: InvitationsSection },
  { path: "settings", icon: SlidersHorizontal, content: SettingsSection },
  { path: "health", icon: Activity, content: HealthSection },
  { path: "log", icon: ScrollText, content: LogSection },
];

const addressOf = ({ path }: Section) => `/administration/${path}`;

/** For administrators: people, invitations, limits, and how the server is. Never what anybody said. */
export function AdminPage({ me, section }: { me: Me; section: string | undefined }) {
  const { t } = useTranslation();
  const current = SECTIONS.find((candidate) => candidate.path === section);
  if (!current) return <Redirect to="/administration/people" replace />;
  const Content = current.content;
  return (
    <main id="main" aria-label={t("admin.title")} className="flex h-full min-w-0 flex-col">
      <PageHeader>
        <h1 className="truncate font-semibold">{t("admin.title")}</h1>
      </PageHeader>
      <div className="scroll-thin min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-5xl flex-col gap-6 px-4 py-6 md:px-6">
          <SectionLinks
            label={t("admin.title")}
            current={addressOf(current)}
            links={SECTIONS.map((each) => ({
              href: addressOf(each),
              label: t(`admin.sections.${each.path}`),
              icon: each.icon,
            }))}
          />
          <section aria-labelledby="section-title" className="min-w-0 pb-10">
            <h2 id="section-title" className="sr-only">
              {t(`admin.sections.${current.path}`)}
            </h2>
            <Content me={me} />
          </section>
        </div>
      </div>
    </main>
  );
}
