import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { Button } from "@/ui/Button";
import { Choice } from "@/ui/Choice";
import { PageHeader } from "@/ui/PageHeader";
import { AddNote } from "./AddNote";
import { MemoryList } from "./MemoryList";
import { MoreMenu } from "./MoreMenu";
import { ProfileEditor } from "./ProfileEditor";
import { StateLine } from "./StateLine";

type Shown = "list" | "profile";

/** What is remembered of everything that was said: to be found, corrected and forgotten. */
export function MemoryPage({ section }: { section: string | undefined }) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const [adding, setAdding] = useState(false);
  const shown: Shown = section === "profile" ? "profile" : "list";
  return (
    <main id="main" aria-label={t("app.memory")} className="flex h-full min-w-0 flex-col">
      <PageHeader
        actions={
          <>
            <Button size="sm" look="ghost" onClick={() => setAdding(true)}>
              <Plus aria-hidden className="size-4" />
              <span className="max-sm:sr-only">{t("memory.add")}</span>
            </Button>
            <MoreMenu />
          </>
        }
      >
        <h1 className="truncate font-semibold">{t("app.memory")}</h1>
      </PageHeader>
      <div className="scroll-thin min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex min-h-full max-w-3xl flex-col gap-5 px-4 py-6 md:px-6">
          <Choice
            label={t("memory.show")}
            quiet
            value={shown}
            options={(["list", "profile"] as const).map((value) => ({
              value,
              label: t(`memory.shown.${value}`),
            }))}
            onChange={(next) => go(next === "profile" ? "/memory/profile" : "/memory")}
          />
          {shown === "profile" ? (
            <ProfileEditor />
          ) : (
            <>
              <StateLine />
              <MemoryList onAdd={() => setAdding(true)} />
            </>
          )}
        </div>
      </div>
      {adding && <AddNote onClose={() => setAdding(false)} />}
    </main>
  );
}
