import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/problem";
import { errorText } from "./failures";
import { Notice } from "./Notice";

/** Below a long form: that it was refused, and why, unless all of that stands at its fields. */
export function RefusedForm({ error }: { error: Error }) {
  const { t } = useTranslation();
  const atFields = error instanceof ApiError && Object.keys(error.fields).length > 0;
  const more = atFields && error.slug === "invalid" ? null : errorText(t, error);
  return (
    <Notice tone="danger" live title={atFields ? t("agents.invalid") : undefined}>
      {more}
    </Notice>
  );
}
