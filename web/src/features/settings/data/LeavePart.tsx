import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useExtent, useLeave } from "@/api/mine";
import { ApiError } from "@/api/problem";
import type { Me } from "@/api/types";
import { forgetBrowser } from "@/lib/forgetBrowser";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { TextField } from "@/ui/Field";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { PasswordField } from "@/ui/PasswordField";
import { fetchExport } from "./ExportPart";
import { useExtentText } from "./words";

/** The end of the account. */
export function LeavePart({ me }: { me: Me }) {
  const { t } = useTranslation();
  const { data: extent } = useExtent();
  const extentText = useExtentText();
  const [open, setOpen] = useState(false);
  const what = extent ? extentText(extent) : "…";
  return (
    <section aria-labelledby="leave-title" className="flex flex-col gap-3">
      <div>
        <h3 id="leave-title" className="font-medium">
          {t("data.leaveTitle")}
        </h3>
        <p className="text-ink-soft">{t("data.leaveText", { what })}</p>
      </div>
      <div>
        <Button look="dangerGhost" className="border border-line" onClick={() => setOpen(true)}>
          {t("data.leaveOpen")}
        </Button>
      </div>
      {open && <LeaveDialog me={me} what={what} onClose={() => setOpen(false)} />}
    </section>
  );
}

function LeaveDialog({ me, what, onClose }: { me: Me; what: string; onClose: () => void }) {
  const { t } = useTranslation();
  const leave = useLeave();
  const [written, setWritten] = useState("");
  const [password, setPassword] = useState("");
  const slug = leave.error instanceof ApiError ? leave.error.slug : "";
  const [asksPassword, setAsksPassword] = useState(false);
  const sure = written.trim().toLowerCase() === me.email.toLowerCase() && (!asksPassword || password !== "");

  const submit = () =>
    leave.mutate(
      { confirm: written, ...(password ? { password } : {}) },
      {
        onSuccess: () => {
          forgetBrowser();
          // From the beginning: nothing of what this page still holds is shown again.
          window.location.replace("/signin?goodbye");
        },
        onError: (error) => {
          if (error instanceof ApiError && error.slug === "sign-in-again") setAsksPassword(true);
        },
      },
    );

  return (
    <Dialog open onClose={onClose} title={t("data.leaveTitle")} description={t("data.leaveText", { what })}>
      <form
        className="mt-4 flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (sure) submit();
        }}
      >
        <div>
          <Button size="sm" onClick={fetchExport}>
            {t("data.leaveExport")}
          </Button>
        </div>
        <TextField
          label={t("data.leaveWrite", { email: me.email })}
          inputMode="email"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={written}
          onChange={setWritten}
        />
        {asksPassword && (
          <PasswordField
            label={t("data.leavePassword")}
            hint={t("data.leavePasswordWhy")}
            error={slug === "wrong-password" ? t("data.leaveWrongPassword") : null}
            autoComplete="current-password"
            value={password}
            onChange={setPassword}
          />
        )}
        {leave.isError && !["sign-in-again", "wrong-password"].includes(slug) && (
          <Notice tone="danger" live>
            {errorText(t, leave.error)}
          </Notice>
        )}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" look="danger" busy={leave.isPending || leave.isSuccess} disabled={!sure}>
            {t("data.leave")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
