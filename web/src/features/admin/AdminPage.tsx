import { Activity, type LucideIcon, MailPlus, ScrollText, SlidersHorizontal, UsersRound } from "lucide-react";
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { Link, Redirect } from "wouter";
import type { Me } from "@/api/types";
import { cx } from "@/lib/cx";
import { PageHeader } from "@/ui/PageHeader";
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

const intoView = (link: HTMLElement | null) => link?.scrollIntoView({ block: "nearest", inline: "center" });

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
          <nav aria-label={t("admin.title")}>
            <ul className="scroll-thin -mx-4 flex gap-1 overflow-x-auto px-4 pb-1">
              {SECTIONS.map(({ path, icon: Icon }) => (
                <li key={path} className="shrink-0">
                  <Link
                    href={`/administration/${path}`}
                    aria-current={path === current.path ? "page" : undefined}
                    ref={path === current.path ? intoView : undefined}
                    className={cx(
                      "flex h-9 items-center gap-2 rounded-lg px-2.5 text-[0.93rem] hover:bg-hover",
                      path === current.path ? "bg-hover font-medium" : "text-ink-soft",
                    )}
                  >
                    <Icon aria-hidden className="size-4" />
                    {t(`admin.sections.${path}`)}
                  </Link>
                </li>
              ))}
            </ul>
          </nav>
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
