import { useTranslation } from "react-i18next";
import { type AdminSettings, type Limits, useAdminSettings, useSaveAdminSettings } from "@/api/admin";
import { Choice } from "@/ui/Choice";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { Skeleton } from "@/ui/Skeleton";
import { useToast } from "@/ui/toasts";
import { LimitsForm } from "./LimitsForm";

/** Who may register, and the limits of everybody. */
export function SettingsSection() {
  const { t } = useTranslation();
  const settings = useAdminSettings();
  if (settings.isPending) return <Skeleton className="h-40 rounded-2xl" />;
  if (settings.error) return <Notice tone="danger">{errorText(t, settings.error)}</Notice>;
  return <Form settings={settings.data} />;
}

function Form({ settings }: { settings: AdminSettings }) {
  const { t } = useTranslation();
  const toast = useToast();
  const save = useSaveAdminSettings();
  const put = (changed: { registration?: AdminSettings["registration"]; limits?: Limits }) => {
    const { registration, limits } = settings;
    save.mutate(
      { registration, limits, ...changed },
      { onSuccess: () => toast({ title: t("admin.settings.saved") }) },
    );
  };
  return (
    <div className="flex max-w-2xl flex-col gap-8">
      {save.error && (
        <Notice tone="danger" live>
          {errorText(t, save.error)}
        </Notice>
      )}
      <div>
        <Choice
          label={t("admin.settings.registration")}
          value={settings.registration ?? "usual"}
          options={(["usual", "first", "open", "closed"] as const).map((value) => ({
            value,
            label: t(`admin.settings.policies.${value}`),
          }))}
          onChange={(value) => put({ registration: value === "usual" ? null : value })}
        />
        <p className="mt-2 text-[0.87rem] text-ink-soft">
          {t(`admin.settings.now.${settings.effective_registration}`)}
        </p>
      </div>
      <div>
        <h3 className="font-semibold">{t("admin.settings.limits")}</h3>
        <p className="mb-3 text-[0.87rem] text-ink-soft">{t("admin.settings.limitsText")}</p>
        <LimitsForm
          limits={settings.limits}
          everybodys
          usual={settings.environment_limits}
          busy={save.isPending}
          onSave={(limits) => put({ limits })}
        />
      </div>
    </div>
  );
}
