import { useQuery } from "@tanstack/react-query";
import { request } from "@/api/http";
import type { UserFile } from "@/api/types";

const path = (id: string) => `/my/files/${encodeURIComponent(id)}/`;

/** Where its bytes are; `download` asks the browser to keep it. */
export const fileAddress = (id: string, download = false) =>
  `${path(id)}content/${download ? "?download=1" : ""}`;

export const useFile = (id: string) =>
  useQuery({
    queryKey: ["file", id],
    queryFn: () => request<UserFile>("GET", path(id)),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
