import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request } from "@/api/http";
import { keys } from "@/api/keys";
import type { Catalogue, Provider, ProviderTest } from "@/api/types";

const path = (provider: string) => `/my/providers/${encodeURIComponent(provider)}/`;

export const useModels = () =>
  useQuery({
    queryKey: keys.models,
    queryFn: () => request<Catalogue>("GET", "/my/models/"),
    staleTime: 60_000,
  });

export interface ProviderAccess {
  api_key?: string;
  base_url?: string;
}

export function useSaveProvider(provider: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: ProviderAccess) => request<Provider>("PUT", path(provider), { body }),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.models }),
  });
}

export function useForgetProvider(provider: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => request<void>("DELETE", path(provider)),
    onSettled: () => client.invalidateQueries({ queryKey: keys.models }),
  });
}

export const testProvider = (provider: string, model?: string) =>
  request<ProviderTest>("POST", `${path(provider)}test/`, { body: model ? { model } : {} });
