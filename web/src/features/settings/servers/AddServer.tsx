import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/problem";
import { useAddServer } from "@/api/servers";
import type { McpServer, McpServerIn } from "@/api/types";
import { Button } from "@/ui/Button";
import { Choice } from "@/ui/Choice";
import { Dialog } from "@/ui/Dialog";
import { Field, TextArea, TextField } from "@/ui/Field";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { EntryRows } from "./EntryRows";
import { commandOf, type Entry, valuesOf } from "./entries";

interface AddServerProps {
  /** One may add programs too. */
  programs: boolean;
  onAdded: (server: McpServer) => void;
  onClose: () => void;
}

const SHOWN = ["name", "url", "headers", "command", "env"];

/** Adds a server; it is asked for its tools at once, which can take half a minute. */
export function AddServer({ programs, onAdded, onClose }: AddServerProps) {
  const { t } = useTranslation();
  const add = useAddServer();
  const [name, setName] = useState("");
  const [transport, setTransport] = useState<"http" | "stdio">("http");
  const [url, setUrl] = useState("");
  const [command, setCommand] = useState("");
  const [entries, setEntries] = useState<Entry[]>([]);
  const fields = add.error instanceof ApiError ? add.error.fields : {};
  const elsewhere = add.error && !SHOWN.some((field) => fieldError(fields, field));
  const isProgram = transport === "stdio";
  const filled = name.trim() && (isProgram ? commandOf(command).length > 0 : url.trim());

  const submit = () => {
    const values = valuesOf(entries);
    const body: McpServerIn = isProgram
      ? { name: name.trim(), transport, command: commandOf(command), env: values }
      : { name: name.trim(), transport, url: url.trim(), headers: values };
    add.mutate(body, { onSuccess: onAdded });
  };

  return (
    <Dialog open wide dismissible={!add.isPending} onClose={onClose} title={t("servers.add")}>
      <form
        className="mt-4 flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <TextField
          label={t("servers.name")}
          error={fields.name}
          value={name}
          maxLength={60}
          placeholder={t("servers.namePlaceholder")}
          onChange={setName}
        />
        {programs && (
          <Choice
            label={t("servers.kind")}
            value={transport}
            options={[
              { value: "http", label: t("servers.http") },
              { value: "stdio", label: t("servers.program") },
            ]}
            onChange={(kind) => {
              setTransport(kind);
              setEntries([]);
            }}
          />
        )}
        {isProgram ? (
          <Field
            label={t("servers.command")}
            hint={t("servers.commandHint")}
            error={fieldError(fields, "command")}
          >
            {(control) => (
              <TextArea
                {...control}
                value={command}
                rows={4}
                spellCheck={false}
                autoCapitalize="off"
                placeholder={"npx\n-y\nnotes-server"}
                className="font-mono text-[0.87rem]"
                onChange={(event) => setCommand(event.target.value)}
              />
            )}
          </Field>
        ) : (
          <TextField
            label={t("servers.url")}
            error={fields.url}
            value={url}
            inputMode="url"
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            placeholder="https://mcp.example.org/mcp"
            onChange={setUrl}
          />
        )}
        <EntryRows
          key={transport}
          label={t(isProgram ? "servers.variables" : "servers.headers")}
          hint={t(isProgram ? "servers.variablesHint" : "servers.headersHint")}
          more={t(isProgram ? "servers.addVariable" : "servers.addHeader")}
          suggestion={isProgram ? "NOTES_TOKEN" : "Authorization"}
          entries={entries}
          problem={fieldError(fields, isProgram ? "env" : "headers")}
          onChange={setEntries}
        />
        {elsewhere && (
          <Notice tone="danger" live>
            {errorText(t, add.error)}
          </Notice>
        )}
        <div className="flex flex-wrap justify-end gap-2">
          <Button disabled={add.isPending} onClick={onClose}>
            {t("common.cancel")}
          </Button>
          <Button type="submit" look="primary" busy={add.isPending} disabled={!filled}>
            {t(add.isPending ? "servers.adding" : "servers.add")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What is wrong with a field, or with something inside it. */
const fieldError = (fields: Record<string, string>, name: string): string | undefined =>
  fields[name] ?? Object.entries(fields).find(([field]) => field.startsWith(`${name}.`))?.[1];
