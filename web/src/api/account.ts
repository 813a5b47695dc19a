import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request } from "@/api/http";
import { keys } from "@/api/keys";
import { ApiError } from "@/api/problem";
import type { ApiKey, Locale, Me, NewApiKey, Options, Page, SignIn } from "@/api/types";

interface Credentials {
  email: string;
  password: string;
}

/** The signed-in account, or null for a visitor. */
export async function fetchMe(): Promise<Me | null> {
  try {
    return await request<Me>("GET", "/auth/me");
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export const useMe = () =>
  useQuery({ queryKey: keys.me, queryFn: fetchMe, staleTime: Number.POSITIVE_INFINITY });

export const useOptions = () =>
  useQuery({ queryKey: keys.options, queryFn: () => request<Options>("GET", "/auth/options/") });

export function useSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (credentials: Credentials) => {
      await request("POST", "/auth/login", { body: credentials });
      return fetchMe();
    },
    onSuccess: (me) => client.setQueryData(keys.me, me),
  });
}

export function useRegister() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (registration: Credentials & { locale: Locale }) => {
      await request("POST", "/auth/register", { body: registration });
      return fetchMe();
    },
    onSuccess: (me) => client.setQueryData(keys.me, me),
  });
}

export const signOut = () => request<void>("POST", "/auth/logout");

export function useSetLocale() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (locale: Locale) => request<Me>("PATCH", "/auth/me", { body: { locale } }),
    onSuccess: (me) => client.setQueryData(keys.me, me),
  });
}

export const useChangePassword = () =>
  useMutation({
    mutationFn: (body: { current_password: string | null; new_password: string }) =>
      request<void>("POST", "/auth/password", { body }),
  });

export const useSignIns = () =>
  useQuery({ queryKey: keys.signIns, queryFn: () => request<Page<SignIn>>("GET", "/auth/sessions/") });

export function useRevokeSignIn() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => request<void>("DELETE", `/auth/sessions/${encodeURIComponent(id)}/`),
    onSettled: () => client.invalidateQueries({ queryKey: keys.signIns }),
  });
}

export const useApiKeys = () =>
  useQuery({ queryKey: keys.apiKeys, queryFn: () => request<Page<ApiKey>>("GET", "/my/api-keys/") });

export function useCreateApiKey() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (name: string) => request<NewApiKey>("POST", "/my/api-keys/", { body: { name } }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.apiKeys }),
  });
}

export function useDeleteApiKey() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => request<void>("DELETE", `/my/api-keys/${encodeURIComponent(id)}/`),
    onSettled: () => client.invalidateQueries({ queryKey: keys.apiKeys }),
  });
}
