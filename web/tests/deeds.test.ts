import type { TFunction } from "i18next";
import { describe, expect, it } from "vitest";
import type { AdminDeed } from "@/api/admin";
import { detailsOf } from "@/features/admin/deeds";

const t = ((key: string, more?: { id?: string }) => (more?.id ? `${key} ${more.id}` : key)) as TFunction;
const said = (action: string, details: AdminDeed["details"]) =>
  detailsOf(
    { id: "1", actor: 1, account_id: 2, action, details, created_at: "2026-01-01T00:00:00Z" } as AdminDeed,
    t,
    "ru",
  );

describe("what an administrator did", () => {
  it("names the limits that were given, as the language writes numbers, and no others", () => {
    const limits = { runs_hour: 1500, tokens_day: "unlimited", agents: null };
    expect(said("change", { limits })).toBe(
      "admin.limits.names.runs_hour: 1\u00a0500 · admin.limits.names.tokens_day: admin.limits.unlimitedShort",
    );
  });

  it("says that an account has no limits of its own any more", () => {
    expect(said("change", { limits: { runs_hour: null } })).toBe("admin.log.usual");
  });

  it("says role, access, registration and invitation in words", () => {
    expect(said("change", { role: "admin", is_active: false })).toBe(
      "admin.people.admin · admin.people.disabled",
    );
    expect(said("settings", { registration: null, limits: {} })).toBe(
      "admin.settings.registration: admin.settings.policies.usual",
    );
    expect(said("join", { invitation: "01a216c5-07de-7301-a227-3eab1a7a8be3" })).toBe(
      "admin.log.invitation 7a8be3",
    );
    expect(said("delete", {})).toBe("");
  });

  it("keeps what it does not know", () => {
    expect(said("change", { colour: ["red"] })).toBe('colour: ["red"]');
  });
});
