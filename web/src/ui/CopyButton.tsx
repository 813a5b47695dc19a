import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { copyText } from "@/lib/clipboard";
import { IconButton } from "@/ui/IconButton";

const SHOWN_MS = 1600;

export function CopyButton({ text, label }: { text: string | (() => string); label: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);

  return (
    <IconButton
      icon={copied ? Check : Copy}
      label={copied ? t("common.copied") : label}
      size="sm"
      onClick={async () => setCopied(await copyText(typeof text === "string" ? text : text()))}
    />
  );
}
