import { ChevronRight, MessageSquare, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useAgents, useSaveAgent, useTools } from "@/api/agents";
import { useModels } from "@/api/models";
import { ApiError } from "@/api/problem";
import type { Agent, Catalogue, Tool } from "@/api/types";
import { useSpace } from "@/live/LiveProvider";
import { AgentAvatar } from "@/ui/AgentAvatar";
import { Button } from "@/ui/Button";
import { EmptyState } from "@/ui/EmptyState";
import { Field, TextArea, TextField } from "@/ui/Field";
import { ModelField } from "@/ui/models/ModelField";
import { Notice } from "@/ui/Notice";
import { PageHeader } from "@/ui/PageHeader";
import { RefusedForm } from "@/ui/RefusedForm";
import { Skeleton } from "@/ui/Skeleton";
import { Switch } from "@/ui/Switch";
import { useToast } from "@/ui/toasts";
import { Advanced } from "./Advanced";
import { DeleteAgent } from "./DeleteAgent";
import { bodyOf, emptyForm, formOf, previewHandle } from "./form";
import { MemorySwitches } from "./MemorySwitches";
import { ToolList } from "./ToolList";
import { useKeptForm } from "./useKeptForm";

/** Makes an agent (`agentId` null) or changes one. */
export function AgentEditor({ agentId }: { agentId: string | null }) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const agents = useAgents();
  const models = useModels();
  const tools = useTools();
  const agent = agents.data?.find((candidate) => candidate.agent_id === agentId);

  if (agents.isPending || models.isPending || tools.isPending) return <EditorSkeleton />;
  if (agentId && !agent) {
    return (
      <main id="main" className="flex h-full flex-col">
        <PageHeader>{null}</PageHeader>
        <EmptyState
          title={t("agents.notFound")}
          text=""
          action={{ label: t("chat.goHome"), run: () => go("/") }}
        />
      </main>
    );
  }
  return (
    <Editor key={agentId ?? "new"} agent={agent ?? null} catalogue={models.data} tools={tools.data ?? null} />
  );
}

interface EditorProps {
  agent: Agent | null;
  catalogue: Catalogue | undefined;
  /** Null when they could not be loaded. */
  tools: Tool[] | null;
}

function Editor({ agent, catalogue, tools }: EditorProps) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const space = useSpace();
  const toast = useToast();
  const [initial] = useState(() => (agent ? formOf(agent) : emptyForm(catalogue)));
  const { form, change, forget } = useKeptForm(agent?.agent_id ?? "new", initial);
  const save = useSaveAgent(agent?.agent_id ?? null);
  const [asking, setAsking] = useState(false);
  const fields = save.error instanceof ApiError ? save.error.fields : {};
  useFocusOnError(save.error);

  const submit = async () => {
    if (!form.model) return;
    const saved = await save.mutateAsync(bodyOf(form, tools, form.model));
    space.changed("agents");
    toast({ title: t(agent ? "agents.saved" : "agents.created", { name: saved.name }) });
    forget();
    go(`/?agent=${saved.handle}`);
  };

  return (
    <main
      id="main"
      aria-label={t(agent ? "agents.editTitle" : "agents.new")}
      className="flex h-full flex-col"
    >
      <PageHeader
        actions={
          agent && (
            <Button size="sm" look="ghost" onClick={() => go(`/?agent=${agent.handle}`)}>
              <MessageSquare aria-hidden className="size-4" />
              <span className="max-sm:sr-only">{t("agents.talk")}</span>
            </Button>
          )
        }
      >
        {(form.name || agent) && (
          <AgentAvatar name={form.name || "?"} seed={agent?.handle ?? previewHandle(form.name)} />
        )}
        <h1 className="truncate font-semibold">{agent ? agent.name : t("agents.new")}</h1>
      </PageHeader>
      <form
        className="scroll-thin min-h-0 flex-1 overflow-y-auto"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit().catch(() => undefined);
        }}
      >
        <div className="mx-auto flex max-w-2xl flex-col gap-6 px-4 py-6 md:px-6">
          {agent?.last_error && agent.status === "error" && (
            <Notice tone="danger" title={t("agents.lastError")}>
              {agent.last_error.detail}
            </Notice>
          )}
          <div className="grid gap-6 sm:grid-cols-2">
            <TextField
              label={t("agents.name")}
              error={fields.name}
              value={form.name}
              maxLength={80}
              required
              autoFocus={!agent}
              placeholder={t("agents.namePlaceholder")}
              onChange={(name) => change({ name })}
            />
            <TextField
              label={t("agents.handle")}
              error={fields.handle}
              hint={
                form.handle || form.name
                  ? t("agents.handleHint", { handle: form.handle || previewHandle(form.name) })
                  : t("agents.handleAuto")
              }
              value={form.handle}
              maxLength={40}
              disabled={agent !== null}
              spellCheck={false}
              autoCapitalize="none"
              placeholder={previewHandle(form.name)}
              onChange={(handle) => change({ handle })}
            />
          </div>
          <Field label={t("agents.prompt")} hint={t("agents.promptHint")} error={fields.system_prompt}>
            {(control) => (
              <TextArea
                {...control}
                rows={8}
                value={form.prompt}
                placeholder={t("agents.promptPlaceholder")}
                onChange={(event) => change({ prompt: event.target.value })}
              />
            )}
          </Field>
          <ModelField
            label={t("agents.model")}
            fields={fields}
            name="model"
            value={form.model}
            onChange={(provider, name) => change({ model: { provider, name } })}
          />
          <ToolList
            tools={tools}
            chosen={form.tools}
            problem={toolProblem(fields)}
            onChange={(chosen) => change({ tools: chosen })}
          />
          <MemorySwitches memory={form.memory} onChange={(memory) => change({ memory })} />
          <div className="flex items-center justify-between gap-4">
            <span>
              <span className="block font-medium text-[0.93rem]">{t("agents.active")}</span>
              <span className="block text-[0.87rem] text-ink-soft">{t("agents.activeHint")}</span>
            </span>
            <Switch
              checked={form.active}
              label={t("agents.active")}
              onChange={(active) => change({ active })}
            />
          </div>
          <details className="group" open={hasAdvancedError(fields) || undefined}>
            <summary className="flex w-fit list-none items-center gap-1.5 rounded-md font-medium text-[0.93rem]">
              <ChevronRight aria-hidden className="size-4 transition-transform group-open:rotate-90" />
              {t("agents.advanced")}
            </summary>
            <Advanced form={form} fields={fields} change={change} />
          </details>
          {save.error && <RefusedForm error={save.error} />}
        </div>
        <div className="sticky bottom-0 border-line border-t bg-canvas">
          <div className="mx-auto flex max-w-2xl items-center gap-2 px-4 py-3 md:px-6">
            <Button
              type="submit"
              look="primary"
              busy={save.isPending}
              disabled={!form.name.trim() || !form.model}
            >
              {agent ? t("common.save") : t("agents.create")}
            </Button>
            <Button
              look="ghost"
              onClick={() => {
                forget();
                go("/");
              }}
            >
              {t("common.cancel")}
            </Button>
            {agent && (
              <Button look="dangerGhost" className="ml-auto" onClick={() => setAsking(true)}>
                <Trash2 aria-hidden className="size-4" />
                <span className="max-sm:sr-only">{t("common.delete")}</span>
              </Button>
            )}
          </div>
        </div>
      </form>
      {agent && <DeleteAgent agent={agent} open={asking} onClose={() => setAsking(false)} onGone={forget} />}
    </main>
  );
}

const toolProblem = (fields: Record<string, string>) =>
  Object.entries(fields)
    .filter(([field]) => field === "tools" || field.startsWith("tools."))
    .map(([, message]) => message)
    .join(" ");

function hasAdvancedError(fields: Record<string, string>): boolean {
  return [
    "model.temperature",
    "model.max_tokens",
    "concurrency_limit",
    "approval_hours",
    "fallback_model",
  ].some((name) => Object.keys(fields).some((field) => field.startsWith(name)));
}

/** Brings the first field that the server refused into view. */
function useFocusOnError(error: unknown): void {
  useEffect(() => {
    if (error) document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [error]);
}

function EditorSkeleton() {
  const { t } = useTranslation();
  return (
    <main id="main" className="flex h-full flex-col">
      <PageHeader>
        <Skeleton className="h-5 w-40" />
      </PageHeader>
      <div className="mx-auto flex w-full max-w-2xl flex-col gap-6 px-4 py-6 md:px-6" role="status">
        <span className="sr-only">{t("common.loading")}</span>
        <Skeleton className="h-10" />
        <Skeleton className="h-40" />
        <Skeleton className="h-12" />
      </div>
    </main>
  );
}
