import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request } from "@/api/http";
import { keys } from "@/api/keys";
import type { McpServer, McpServerIn, McpServers } from "@/api/types";

const path = (id: string, rest = "") => `/my/mcp-servers/${encodeURIComponent(id)}/${rest}`;

/** Where a sign-in server sends the user back to; who registers by hand must enter it there. */
export const CALLBACK = "/my/mcp-servers/callback/";

export const useServers = () =>
  useQuery({ queryKey: keys.servers, queryFn: () => request<McpServers>("GET", "/my/mcp-servers/") });

/** The list with a server as it is now. */
function useAdopt() {
  const client = useQueryClient();
  return (server: McpServer) =>
    client.setQueryData<McpServers>(keys.servers, (servers) => {
      if (!servers) return servers;
      const known = servers.items.some((each) => each.id === server.id);
      const items = known
        ? servers.items.map((each) => (each.id === server.id ? server : each))
        : [...servers.items, server];
      return { ...servers, items };
    });
}

export function useAddServer() {
  const adopt = useAdopt();
  return useMutation({
    mutationFn: (server: McpServerIn) => request<McpServer>("POST", "/my/mcp-servers/", { body: server }),
    onSuccess: adopt,
  });
}

export function useRefreshServer() {
  const adopt = useAdopt();
  return useMutation({
    mutationFn: (id: string) => request<McpServer>("POST", path(id, "refresh/")),
    onSuccess: adopt,
  });
}

export function useRemoveServer() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => request<void>("DELETE", path(id)),
    onSuccess: (_answer, id) =>
      client.setQueryData<McpServers>(
        keys.servers,
        (servers) => servers && { ...servers, items: servers.items.filter((server) => server.id !== id) },
      ),
  });
}

/** Answers where the user signs in. */
export const useServerSignIn = () =>
  useMutation({
    mutationFn: async ({ id, ...client }: { id: string; client_id?: string; client_secret?: string }) =>
      (await request<{ url: string }>("POST", path(id, "sign-in/"), { body: client })).url,
  });
