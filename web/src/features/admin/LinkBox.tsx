import { useTranslation } from "react-i18next";
import { CopyButton } from "@/ui/CopyButton";
import { TextInput } from "@/ui/Field";
import { Notice } from "@/ui/Notice";

/** A link that is shown only now. */
export function LinkBox({ link, text, title }: { link: string; text: string; title?: string }) {
  const { t } = useTranslation();
  return (
    <Notice tone="ok" live title={title}>
      {text}
      <span className="mt-2 flex items-center gap-2">
        <TextInput
          readOnly
          aria-label={t("admin.invitations.copy")}
          value={link}
          className="font-mono text-[0.87rem]"
          onFocus={(event) => event.currentTarget.select()}
        />
        <CopyButton text={link} label={t("admin.invitations.copy")} />
      </span>
    </Notice>
  );
}
