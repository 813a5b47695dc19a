import type { TFunction } from "i18next";
import type { AdminDeed } from "@/api/admin";
import { wholeNumber } from "@/lib/format";
import { LIMITS } from "./limits";

/** The new values that a deed left behind, as people say them. */
export function detailsOf({ action, details }: AdminDeed, t: TFunction, language: string): string {
  const told = Object.entries(details).flatMap(([name, value]) => said(name, value, t, language));
  // An account whose own limits were taken away; of the server's settings it would say nothing.
  if (told.length === 0 && action === "change") return t("admin.log.usual");
  return told.join(" · ");
}

function said(name: string, value: unknown, t: TFunction, language: string): string[] {
  switch (name) {
    case "limits":
      return limits((value ?? {}) as Record<string, number | string | null>, t, language);
    case "role":
      return [t(value === "admin" ? "admin.people.admin" : "admin.people.user")];
    case "is_active":
      return [t(value ? "admin.account.enable" : "admin.people.disabled")];
    case "invitation":
      return [t("admin.log.invitation", { id: String(value).slice(-6) })];
    case "registration":
      return [
        `${t("admin.settings.registration")}: ${t(`admin.settings.policies.${(value ?? "usual") as "open"}`)}`,
      ];
    default:
      return [`${name}: ${JSON.stringify(value)}`];
  }
}

function limits(values: Record<string, number | string | null>, t: TFunction, language: string): string[] {
  return LIMITS.filter((name) => (values[name] ?? null) !== null).map((name) => {
    const value = values[name];
    const amount =
      typeof value === "number" ? wholeNumber(value, language) : t("admin.limits.unlimitedShort");
    return `${t(`admin.limits.names.${name}`)}: ${amount}`;
  });
}
