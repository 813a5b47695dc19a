import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request } from "@/api/http";
import { keys } from "@/api/keys";
import type { IdentityOf } from "@/api/types";

/** Where signing in through the provider begins: the browser itself goes there. way: where it comes back to. */
export const startOf = (way: string) => `/auth/oidc/start/?${new URLSearchParams({ next: way })}`;

export const useIdentity = () =>
  useQuery({ queryKey: keys.identity, queryFn: () => request<IdentityOf>("GET", "/auth/oidc/identity/") });

/** Leads this browser to the provider, and back to the settings. */
export const useLink = () =>
  useMutation({
    mutationFn: (password: string | null) =>
      request<{ url: string }>("POST", "/auth/oidc/link/", { body: { current_password: password } }),
    onSuccess: ({ url }) => location.assign(url),
  });

export function useUnlink() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => request<void>("DELETE", "/auth/oidc/identity/"),
    onSettled: () => client.invalidateQueries({ queryKey: keys.identity }),
  });
}
