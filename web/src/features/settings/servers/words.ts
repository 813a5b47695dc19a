import type { TFunction } from "i18next";
import type { McpServer } from "@/api/types";
import type { LaterTexts } from "@/lib/i18n/later.en";

type Code = keyof LaterTexts["servers"]["errors"];

const CODES: ReadonlySet<string> = new Set<Code>([
  "address_refused",
  "unreachable",
  "timeout",
  "not_mcp",
  "refused",
  "sign_in_needed",
  "redirected",
  "too_large",
  "packed",
  "flood",
  "dropped",
  "server_error",
  "http_error",
  "busy",
  "ended",
  "not_started",
  "not_allowed",
  "unreadable_secret",
  "sign_in_failed",
  "sign_in_refused",
  "sign_in_insecure",
  "tools_left_out",
  "too_many_tools",
]);
/** Of these the server's own words say more than ours. */
const SAYS_MORE: ReadonlySet<string> = new Set([
  "server_error",
  "http_error",
  "ended",
  "not_started",
  "sign_in_failed",
  "sign_in_refused",
  "tools_left_out",
]);

/** What is wrong with a server, in the user's language. */
export const faultTitle = (t: TFunction, code: string): string =>
  t(`servers.errors.${CODES.has(code) ? (code as Code) : "unknown"}`);

/** What is to be added to that, as the server told it. */
export const faultDetail = (fault: NonNullable<McpServer["error"]>): string | null =>
  SAYS_MORE.has(fault.code) || !CODES.has(fault.code) ? fault.detail : null;

/** What became of it in a few words. */
export const statusText = (t: TFunction, server: McpServer): string =>
  server.status === "ready"
    ? `${t("servers.status.ready")} · ${t("servers.tools", { count: server.tools.length })}`
    : t(`servers.status.${server.status}`);
