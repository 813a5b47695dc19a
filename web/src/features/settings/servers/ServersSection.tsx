import { Plus } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useSearch } from "wouter";
import { useRemoveServer, useServers } from "@/api/servers";
import type { McpServer } from "@/api/types";
import { useSpace } from "@/live/LiveProvider";
import { Button } from "@/ui/Button";
import { Confirm } from "@/ui/Confirm";
import { EmptyState } from "@/ui/EmptyState";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { useToast } from "@/ui/toasts";
import { AddServer } from "./AddServer";
import { ServerCard } from "./ServerCard";

/** The user's own MCP servers. */
export function ServersSection() {
  const { t } = useTranslation();
  const space = useSpace();
  const toast = useToast();
  const { data, isPending, error, refetch } = useServers();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<McpServer | null>(null);
  const back = useReturn(data?.items);
  const remove = useRemoveServer();

  const changed = () => {
    for (const what of ["servers", "tools", "agents"] as const) space.changed(what);
  };

  return (
    <>
      <p className="mb-2 text-ink-soft">{t("servers.intro")}</p>
      <p className="mb-4 text-ink-soft">{t("servers.asks")}</p>
      {back === "unknown" && (
        <div className="mb-4">
          <Notice tone="warn" live>
            {t("servers.unknownSignIn")}
          </Notice>
        </div>
      )}
      <Button look="primary" onClick={() => setAdding(true)}>
        <Plus aria-hidden className="size-4" />
        {t("servers.add")}
      </Button>
      <div className="mt-5">
        {isPending && <Skeleton className="h-20" />}
        {error && (
          <Notice
            tone="danger"
            actions={
              <Button size="sm" onClick={() => void refetch()}>
                {t("common.retry")}
              </Button>
            }
          >
            {errorText(t, error)}
          </Notice>
        )}
        {data?.items.length === 0 && (
          <EmptyState inner title={t("servers.none")} text={t("servers.noneText")} />
        )}
        {data && data.items.length > 0 && (
          <ul className="flex flex-col gap-2.5">
            {data.items.map((server) => (
              <ServerCard key={server.id} server={server} onRemove={() => setRemoving(server)} />
            ))}
          </ul>
        )}
      </div>
      {adding && (
        <AddServer
          programs={data?.programs_allowed ?? false}
          onClose={() => setAdding(false)}
          onAdded={(server) => {
            setAdding(false);
            changed();
            toast({ title: t("servers.added", { name: server.name }) });
          }}
        />
      )}
      {removing && (
        <Confirm
          open
          onClose={() => setRemoving(null)}
          title={t("servers.removeTitle", { name: removing.name })}
          text={t("servers.removeText")}
          action={t("servers.remove")}
          busy={remove.isPending}
          onConfirm={() =>
            remove.mutate(removing.id, {
              onSuccess: () => toast({ title: t("servers.removed", { name: removing.name }) }),
              onSettled: () => {
                setRemoving(null);
                changed();
              },
            })
          }
        />
      )}
    </>
  );
}

/** Who comes back from a sign-in is shown the server; the address is then an ordinary one again. */
function useReturn(servers: McpServer[] | undefined): "unknown" | null {
  const search = useSearch();
  const [, go] = useLocation();
  const query = new URLSearchParams(search);
  const [unknown] = useState(query.get("sign_in") === "unknown");
  const id = query.get("server");
  useEffect(() => {
    if (!search || (id && !servers)) return;
    document.getElementById(`server-${id}`)?.scrollIntoView({ block: "center" });
    go("/settings/servers", { replace: true });
  }, [search, id, servers, go]);
  return unknown ? "unknown" : null;
}
