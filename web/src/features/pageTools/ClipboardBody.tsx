import { Send } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { copyText } from "@/lib/clipboard";
import { Button } from "@/ui/Button";
import { Field, TextArea } from "@/ui/Field";
import { Notice } from "@/ui/Notice";
import { Spinner } from "@/ui/Spinner";
import { LongText } from "@/ui/tools/LongText";
import type { BodyProps } from "./body";
import { type PageProblem, problemOf } from "./problem";

const LONGEST = 50_000;

/** What the user has copied: looked at, and sent. Where the browser does not hand it out, it can be pasted. */
export function ClipboardReadBody({ busy, send, fail }: BodyProps) {
  const { t } = useTranslation();
  const [text, setText] = useState<string | null>(null);
  const [problem, setProblem] = useState<PageProblem | null>(null);
  useEffect(() => {
    let over = false;
    readClipboard().then(
      (found) => over || setText(found),
      (refused: PageProblem) => {
        if (over) return;
        setProblem(refused);
        setText("");
      },
    );
    return () => {
      over = true;
    };
  }, []);
  if (text === null) {
    return (
      <p role="status" className="flex items-center gap-2.5 p-2">
        <Spinner />
        {t("page.starting")}
      </p>
    );
  }
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        send({ text });
      }}
    >
      {problem && (
        <Notice
          tone="warn"
          title={t(`page.problem.${problem.error}`)}
          actions={
            <Button size="sm" onClick={() => fail(problem)}>
              {t("page.tellFailed")}
            </Button>
          }
        >
          {t(`page.problemText.${problem.error}`)}
        </Notice>
      )}
      <Field
        label={t(problem ? "page.pasteHere" : "page.clipboard.text")}
        hint={!problem && text === "" ? t("page.clipboard.empty") : undefined}
      >
        {(control) => (
          <TextArea
            {...control}
            autoFocus
            rows={6}
            maxLength={LONGEST}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      <Button type="submit" look="primary" className="self-start" busy={busy} disabled={text === ""}>
        {!busy && <Send aria-hidden className="size-4" />}
        {t("page.send")}
      </Button>
    </form>
  );
}

/** A text for the user's clipboard: it is put there as soon as that was agreed to. */
export function ClipboardWriteBody({ tool, busy, send, fail }: BodyProps) {
  const { t } = useTranslation();
  const text = String(tool.arguments.text ?? "");
  const told = useRef({ send, fail });
  useEffect(() => {
    told.current = { send, fail };
  });
  useEffect(() => {
    let over = false;
    copyText(text).then((written) => {
      if (over) return;
      if (written) told.current.send({ written: true });
      else told.current.fail({ error: "failed" });
    });
    return () => {
      over = true;
    };
  }, [text]);
  return (
    <div className="flex flex-col gap-3">
      <LongText text={text} />
      {busy && (
        <p role="status" className="flex items-center gap-2.5">
          <Spinner />
          {t("page.sending")}
        </p>
      )}
    </div>
  );
}

/** Rejects with a PageProblem. */
export async function readClipboard(): Promise<string> {
  if (!navigator.clipboard?.readText) throw { error: "unsupported" } satisfies PageProblem;
  try {
    return (await navigator.clipboard.readText()).slice(0, LONGEST);
  } catch (error) {
    throw problemOf(error);
  }
}
