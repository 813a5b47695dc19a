import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request } from "@/api/http";
import { keys } from "@/api/keys";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Account = Schemas["AdminAccount"];
export type Limits = Schemas["LimitsOut"];
export type LimitName = keyof Limits;
export type LimitValue = Limits[LimitName];
export type Invitation = Schemas["AdminInvitation"];
export type AdminSettings = Schemas["AdminSettings"];
export type AdminDeed = Schemas["AdminDeed"];
export type Health = Schemas["Health"];
type Change = Schemas["AccountPatch"];
type NewInvitation = Schemas["NewAdminInvitation"];

const HEALTH_MS = 5_000;

export const useAccounts = (q: string) =>
  useInfiniteQuery({
    queryKey: [...keys.admin, "accounts", q],
    queryFn: ({ pageParam }) =>
      request<Schemas["AdminAccountList"]>("GET", "/admin/users/", { query: { q, cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const useInvitations = () =>
  useQuery({
    queryKey: [...keys.admin, "invitations"],
    queryFn: () => request<Schemas["AdminInvitationList"]>("GET", "/admin/invitations/"),
  });

export const useAdminSettings = () =>
  useQuery({
    queryKey: [...keys.admin, "settings"],
    queryFn: () => request<AdminSettings>("GET", "/admin/settings/"),
  });

export const useHealth = () =>
  useQuery({
    queryKey: [...keys.admin, "health"],
    queryFn: () => request<Health>("GET", "/admin/health/"),
    refetchInterval: HEALTH_MS,
  });

export const useAdminLog = () =>
  useInfiniteQuery({
    queryKey: [...keys.admin, "log"],
    queryFn: ({ pageParam }) =>
      request<Schemas["AdminLogPage"]>("GET", "/admin/log/", { query: { cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

/** Something an administrator does; afterwards everything on the page is read anew. */
function useDeed<Input, Answer>(act: (input: Input) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSettled: () => client.invalidateQueries({ queryKey: keys.admin }),
  });
}

export const useChangeAccount = () =>
  useDeed(({ id, change }: { id: number; change: Change }) =>
    request<Account>("PATCH", `/admin/users/${id}/`, { body: change }),
  );

export const useSignOutAccount = () =>
  useDeed((id: number) => request<void>("POST", `/admin/users/${id}/sign-out/`));

export const usePasswordLink = () =>
  useDeed((id: number) => request<Schemas["Link"]>("POST", `/admin/users/${id}/password-link/`));

export const useDeleteAccount = () => useDeed((id: number) => request<void>("DELETE", `/admin/users/${id}/`));

export const useInvite = () =>
  useDeed((body: Schemas["InvitationIn"]) => request<NewInvitation>("POST", "/admin/invitations/", { body }));

export const useWithdraw = () =>
  useDeed((id: string) => request<void>("DELETE", `/admin/invitations/${id}/`));

export const useSaveAdminSettings = () =>
  useDeed((body: Schemas["SettingsIn"]) => request<AdminSettings>("PUT", "/admin/settings/", { body }));
