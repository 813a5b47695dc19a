import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useSearchParams } from "wouter";
import { useAgents } from "@/api/agents";
import { type ChatPages, chatFirst, createChat } from "@/api/chats";
import { keys } from "@/api/keys";
import type { Agent, Me, UserFile } from "@/api/types";
import { cx } from "@/lib/cx";
import { useHotkeys } from "@/lib/hotkeys";
import type { en } from "@/lib/i18n/en";
import { randomId } from "@/lib/random";
import { useSpace } from "@/live/LiveProvider";
import { AgentAvatar, OrchestratorAvatar, StatusDot } from "@/ui/AgentAvatar";
import { Button } from "@/ui/Button";
import { errorText } from "@/ui/failures";
import { Notice } from "@/ui/Notice";
import { PageHeader } from "@/ui/PageHeader";
import { Composer, type ComposerHandle } from "./Composer";
import { useAttachments } from "./files/useAttachments";
import { useDraft } from "./useDraft";
import { useTarget } from "./useTarget";

const NO_AGENTS: Agent[] = [];
const EXAMPLES = ["coder", "writer", "researcher", "analyst", "tutor"];

/** A chat before its first message. `?agent=` chooses who is asked. */
export function HomePage({ me }: { me: Me }) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const [params] = useSearchParams();
  const { data: agents = NO_AGENTS, isSuccess } = useAgents();
  const active = agents.filter((agent) => agent.is_active);
  const [draft, setDraft] = useDraft(me.id, "new");
  const files = useAttachments(me.id, "new");
  const [target, setTarget] = useTarget(me.id, undefined, params.get("agent"));
  const composer = useRef<ComposerHandle>(null);
  const { start, failure } = useFirstMessage();

  useHotkeys([{ key: "/", run: () => composer.current?.focus() }]);
  useEffect(() => composer.current?.focus(), []);

  const send = async (content: string, handle: string | null, attached: UserFile[]) => {
    setDraft("");
    if (await start(content, handle, attached)) return;
    setDraft(content);
    files.putBack(attached);
  };
  const chosen = active.find((agent) => agent.handle === target);

  return (
    <main id="main" aria-label={t("app.main")} className="flex h-full min-w-0 flex-col">
      <PageHeader>
        <span className="truncate text-ink-soft">{t("chats.new")}</span>
      </PageHeader>
      <div className="scroll-thin flex min-h-0 flex-1 flex-col overflow-y-auto px-4 md:px-6">
        <div className="m-auto flex w-full max-w-3xl flex-col gap-6 py-8">
          <div className="text-center">
            <h1 className="font-semibold text-[1.7rem] tracking-tight">{t("chat.start")}</h1>
            <p className="mt-1 text-ink-soft">{t("chat.startText")}</p>
          </div>
          {failure !== null && (
            <Notice tone="danger" live title={t("chat.failedSend")}>
              {errorText(t, failure)}
            </Notice>
          )}
          <Composer
            handle={composer}
            draft={draft}
            onDraft={setDraft}
            target={target}
            onTarget={setTarget}
            files={files}
            onSend={send}
          />
          {active.length > 0 && (
            <AgentChoice
              agents={active}
              target={target ?? null}
              onChoose={(handle) => {
                setTarget(handle);
                composer.current?.focus();
              }}
            />
          )}
          {chosen && draft === "" && (
            <Example
              handle={chosen.handle}
              onTake={(text) => {
                setDraft(text);
                composer.current?.focus();
              }}
            />
          )}
          {isSuccess && active.length === 0 && (
            <div className="flex flex-col items-center gap-3 text-center text-ink-soft">
              <p>{t("agents.emptyText")}</p>
              <Button look="primary" onClick={() => go("/agents/new")}>
                {t("agents.new")}
              </Button>
            </div>
          )}
        </div>
      </div>
    </main>
  );
}

const CHIP =
  "flex max-w-full items-center gap-2 rounded-full border py-1.5 pr-3.5 pl-1.5 text-[0.93rem] transition-colors";
const CHOSEN = "border-accent bg-accent-soft";
const FREE = "border-line bg-raised hover:bg-hover";

function AgentChoice({
  agents,
  target,
  onChoose,
}: {
  agents: Agent[];
  target: string | null;
  /** Null for the orchestrator. */
  onChoose: (handle: string | null) => void;
}) {
  const { t } = useTranslation();
  return (
    <ul className="flex flex-wrap justify-center gap-2">
      <li className="max-w-full">
        <button
          type="button"
          aria-pressed={target === null}
          onClick={() => onChoose(null)}
          className={cx(CHIP, target === null ? CHOSEN : FREE)}
        >
          <OrchestratorAvatar size="sm" />
          <span className="truncate">{t("app.orchestrator")}</span>
        </button>
      </li>
      {agents.slice(0, 8).map((agent) => (
        <li key={agent.agent_id} className="max-w-full">
          <button
            type="button"
            aria-pressed={agent.handle === target}
            onClick={() => onChoose(agent.handle)}
            className={cx(CHIP, agent.handle === target ? CHOSEN : FREE)}
          >
            <AgentAvatar name={agent.name} seed={agent.handle} size="sm" />
            <span className="truncate">{agent.name}</span>
            {agent.status !== "ready" && <StatusDot status={agent.status} />}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A first question for those starter agents that we know something to ask. */
function Example({ handle, onTake }: { handle: string; onTake: (text: string) => void }) {
  const { t } = useTranslation();
  if (!EXAMPLES.includes(handle)) return null;
  const example = t(`starters.${handle as keyof typeof en.starters}.example`);
  return (
    <div className="text-center">
      <p className="mb-2 text-[0.87rem] text-ink-faint">{t("chat.examples")}</p>
      <button
        type="button"
        onClick={() => onTake(example)}
        className="mx-auto max-w-xl rounded-xl border border-line border-dashed px-4 py-2.5 text-ink-soft text-left transition-colors hover:border-line-strong hover:text-ink"
      >
        {example}
      </button>
    </div>
  );
}

/** Makes the chat, hands it the first message and goes there. The same text tried again makes no second chat. */
function useFirstMessage() {
  const space = useSpace();
  const client = useQueryClient();
  const [, go] = useLocation();
  const [failure, setFailure] = useState<unknown>(null);
  const key = useRef(randomId());

  const start = async (content: string, target: string | null, files: UserFile[]): Promise<boolean> => {
    setFailure(null);
    try {
      const chat = await createChat(key.current);
      key.current = randomId();
      client.setQueryData<ChatPages>(keys.chats, (pages) => chatFirst(pages, chat));
      void space.chat(chat.id).send(content, target, files);
      go(`/chat/${chat.id}`);
      return true;
    } catch (error) {
      setFailure(error);
      return false;
    }
  };
  return { start, failure };
}
