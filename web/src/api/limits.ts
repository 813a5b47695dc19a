import { useQuery } from "@tanstack/react-query";
import { request } from "@/api/http";
import { keys } from "@/api/keys";
import type { components } from "./schema";

export type MyLimit = components["schemas"]["MyLimit"];

/** What this account may use, and what is used of it. */
export const useLimits = () =>
  useQuery({
    queryKey: [...keys.usage, "limits"],
    queryFn: () => request<components["schemas"]["MyLimits"]>("GET", "/my/limits/"),
  });
