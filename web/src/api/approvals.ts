import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { request } from "@/api/http";
import { keys } from "@/api/keys";
import type { Approval, AuditEntry, Page } from "@/api/types";

const path = (id: string) => `/my/tools/${encodeURIComponent(id)}/`;

export type Remember = "once" | "session" | "always";

export interface ToolAnswer {
  /** The arguments as they should be; absent: as the model wants them. */
  edited?: Record<string, unknown>;
  /** What the page got. */
  result?: unknown;
  remember?: Remember;
}

export const confirmTool = (id: string, answer: ToolAnswer) =>
  request<Approval>("POST", `${path(id)}confirm/`, { body: answer });

export const rejectApproval = (id: string, reason: string) =>
  request<Approval>("POST", `${path(id)}reject/`, { body: reason ? { reason } : {} });

/** What waits for the user, the newest first. The live space says when the list grows old. */
export const useApprovals = () =>
  useQuery({
    queryKey: keys.approvals,
    queryFn: async () =>
      (await request<Page<Approval>>("GET", "/my/approvals/", { query: { status: "pending", limit: 100 } }))
        .items,
  });

const PAGE = 30;

/** Everything that was ever asked, the newest first: what still waits too. */
export const useAllApprovals = () =>
  useInfiniteQuery({
    queryKey: [...keys.approvals, "all"],
    queryFn: ({ pageParam }) =>
      request<Page<Approval>>("GET", "/my/approvals/", { query: { limit: PAGE, cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export interface AuditFilter {
  tool_id: string | null;
  agent_id: string | null;
}

const fetchAudit = (filter: AuditFilter, limit: number, cursor: string | null) =>
  request<Page<AuditEntry>>("GET", "/my/audit/", { query: { ...filter, limit, cursor } });

/** Who decided what, the newest first. */
export const useAudit = (filter: AuditFilter) =>
  useInfiniteQuery({
    queryKey: [...keys.audit, filter],
    queryFn: ({ pageParam }) => fetchAudit(filter, PAGE, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

/** Who answered one approval; null when the record does not say. */
export const useDecider = (approvalId: string, filter: AuditFilter) =>
  useQuery({
    queryKey: [...keys.audit, "of", approvalId],
    queryFn: async () => {
      const { items } = await fetchAudit(filter, PAGE, null);
      return items.find((entry) => entry.approval_id === approvalId)?.actor ?? null;
    },
  });
