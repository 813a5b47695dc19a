import { ChevronRight } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useRefreshServer } from "@/api/servers";
import type { McpServer } from "@/api/types";
import { cx } from "@/lib/cx";
import { relativeTime } from "@/lib/format";
import { useSpace } from "@/live/LiveProvider";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { useToast } from "@/ui/toasts";
import { SignIn } from "./SignIn";
import { faultDetail, faultTitle, statusText } from "./words";

const TONES: Record<McpServer["status"], string> = {
  new: "text-ink-soft",
  ready: "text-ok",
  failed: "text-danger",
  needs_sign_in: "text-warn",
};

/** One server: how it is, what it offers, and what can be done about it. */
export function ServerCard({ server, onRemove }: { server: McpServer; onRemove: () => void }) {
  const { t, i18n } = useTranslation();
  const space = useSpace();
  const toast = useToast();
  const refresh = useRefreshServer();
  const again = () =>
    refresh.mutate(server.id, {
      onSuccess: (now) => {
        space.changed("tools");
        space.changed("agents");
        toast({ title: t("servers.refreshed", { name: now.name, status: statusText(t, now) }) });
      },
    });
  return (
    <li id={`server-${server.id}`} className="rounded-xl border border-line bg-raised">
      <div className="flex flex-wrap items-start gap-x-3 gap-y-2 px-4 py-3">
        <div className="min-w-0 flex-1 basis-52">
          <p className="break-words font-medium">{server.name}</p>
          <p className="break-all text-[0.87rem] text-ink-soft">{server.url ?? t("servers.program")}</p>
          <p className="text-[0.87rem] text-ink-soft">
            <span className={cx("font-medium", TONES[server.status])}>{statusText(t, server)}</span>
            {details(server).map((part) => ` · ${part}`)}
          </p>
        </div>
        <div className="flex flex-wrap gap-2">
          <Button
            size="sm"
            busy={refresh.isPending}
            aria-label={t("servers.refreshOf", { name: server.name })}
            onClick={again}
          >
            {t("servers.refresh")}
          </Button>
          <Button
            size="sm"
            look="dangerGhost"
            aria-label={t("servers.removeOf", { name: server.name })}
            onClick={onRemove}
          >
            {t("servers.remove")}
          </Button>
        </div>
      </div>
      <div className="flex flex-col gap-3 px-4 pb-3 empty:hidden">
        {server.error && <Fault server={server} error={server.error} />}
        {refresh.error && (
          <Notice tone="danger" live>
            {errorText(t, refresh.error)}
          </Notice>
        )}
        {server.status === "needs_sign_in" && <SignIn server={server} />}
        {server.tools.length > 0 && <Tools server={server} />}
      </div>
    </li>
  );

  function details(of: McpServer): string[] {
    return [
      of.auth === "oauth" && of.status !== "needs_sign_in" ? t("servers.signedIn") : "",
      of.header_names.length > 0 ? t("servers.sends", { headers: of.header_names.join(", ") }) : "",
      of.checked_at ? t("servers.checked", { date: relativeTime(of.checked_at, i18n.language) }) : "",
    ].filter(Boolean);
  }
}

function Fault({ server, error }: { server: McpServer; error: NonNullable<McpServer["error"]> }) {
  const { t } = useTranslation();
  return (
    <Notice tone={server.status === "failed" ? "danger" : "warn"} title={faultTitle(t, error.code)}>
      {faultDetail(error)}
    </Notice>
  );
}

function Tools({ server }: { server: McpServer }) {
  const { t } = useTranslation();
  return (
    <details className="group min-w-0">
      <summary className="flex w-fit cursor-pointer select-none list-none items-center gap-1 rounded-md text-[0.93rem] text-ink-soft hover:text-ink">
        <ChevronRight aria-hidden className="size-4 transition-transform group-open:rotate-90" />
        {t("servers.showTools", { name: server.name })}
      </summary>
      <ul className="scroll-thin mt-2 flex max-h-80 flex-col gap-2 overflow-y-auto pl-5">
        {server.tools.map((tool) => (
          <li key={tool.tool_id} className="min-w-0">
            <p className="break-words text-[0.93rem]">
              {tool.label} <code className="break-all text-[0.8rem] text-ink-faint">{tool.tool_id}</code>
            </p>
            <p className="line-clamp-3 break-words text-[0.87rem] text-ink-soft">{tool.description}</p>
          </li>
        ))}
      </ul>
    </details>
  );
}
