import { KeyRound } from "lucide-react";
import { useTranslation } from "react-i18next";
import { startOf } from "@/api/oidc";
import type { OidcTexts } from "@/lib/i18n/oidc.en";
import { Notice } from "@/ui/Notice";

interface ProviderWayProps {
  name: string;
  /** Where one wanted to go. */
  way: string;
  /** Something stands above it: one of two ways in. */
  beside: boolean;
  /** The page that is open stays open. */
  newTab?: boolean;
}

/** It comes later than the window that it stands in, where nothing else but signing out would have the focus. */
const takeFocus = (link: HTMLElement | null) => link?.focus();

/** The way in through the provider. */
export function ProviderWay({ name, way, beside, newTab }: ProviderWayProps) {
  const { t } = useTranslation();
  return (
    <>
      {beside && (
        <div className="my-5 flex items-center gap-3 text-[0.87rem] text-ink-faint">
          <span className="h-px flex-1 bg-line" />
          {t("oidc.or")}
          <span className="h-px flex-1 bg-line" />
        </div>
      )}
      <a
        href={startOf(way)}
        ref={newTab && !beside ? takeFocus : undefined}
        {...(newTab ? { target: "_blank", rel: "noopener" } : {})}
        className="flex min-h-11 w-full items-center justify-center gap-2.5 rounded-lg border border-line bg-raised px-5 py-2 font-medium transition-colors hover:bg-hover"
      >
        <KeyRound aria-hidden className="size-4 shrink-0 text-ink-soft" />
        <span className="min-w-0 break-words">{t("oidc.continue", { name })}</span>
      </a>
      {newTab && <p className="mt-2 text-center text-[0.87rem] text-ink-soft">{t("oidc.newTab")}</p>}
    </>
  );
}

/** Why somebody came back without being signed in. */
export function ProviderProblem({ problem }: { problem: string }) {
  const { t } = useTranslation();
  return (
    <div className="mb-6">
      <Notice tone={problem === "cancelled" ? "info" : "danger"} live>
        {t([`oidc.problems.${problem as keyof OidcTexts["problems"]}`, "oidc.problems.refused"])}
      </Notice>
    </div>
  );
}
