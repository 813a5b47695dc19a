import { Check, X } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/ui/Button";
import type { Answers } from "@/ui/tools/useAnswers";
import { editedOf } from "@/ui/tools/useDraft";
import type { Question } from "./ToolQuestions";

/** Several questions of one answer at once. What the page carries out itself is not among them. */
export function TogetherBar({ questions, answers }: { questions: readonly Question[]; answers: Answers }) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState<"confirm" | "reject" | null>(null);
  const together = questions.filter(({ tool }) => tool.kind !== "browser");
  if (together.length < 2 && busy === null) return null;

  const all = async (kind: "confirm" | "reject", one: (question: Question) => Promise<boolean>) => {
    setBusy(kind);
    // One after the other: what cannot be sent stays, and says why.
    for (const question of together) await one(question);
    setBusy(null);
  };
  const confirm = async (question: Question) => {
    const { edited, problems } = editedOf(question);
    if (Object.keys(problems).length > 0) return false;
    return answers.confirm(question, { ...(edited && { edited }), remember: "once" });
  };
  return (
    <div className="flex flex-wrap items-center gap-2 rounded-2xl border border-line bg-sunken px-4 py-3">
      <p className="mr-auto text-[0.9rem]">
        <span className="font-medium">{t("ask.group", { count: together.length })}.</span>{" "}
        <span className="text-ink-soft">{t("ask.groupText")}</span>
      </p>
      <Button
        look="primary"
        size="sm"
        busy={busy === "confirm"}
        disabled={busy !== null}
        onClick={() => void all("confirm", confirm)}
      >
        {busy !== "confirm" && <Check aria-hidden className="size-4" />}
        {t("ask.allOnce")}
      </Button>
      <Button
        look="dangerGhost"
        size="sm"
        busy={busy === "reject"}
        disabled={busy !== null}
        onClick={() => void all("reject", (question) => answers.reject(question, ""))}
      >
        {busy !== "reject" && <X aria-hidden className="size-4" />}
        {t("ask.allReject")}
      </Button>
    </div>
  );
}
