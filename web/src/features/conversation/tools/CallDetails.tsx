import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { fetchTask } from "@/api/plans";
import { isCallOver, type LiveCall } from "@/live/calls";
import type { LiveApproval } from "@/live/conversation";
import { useChatState } from "@/live/LiveProvider";
import type { ConversationStore } from "@/live/store";
import { Skeleton } from "@/ui/Skeleton";
import { Fields, Value } from "@/ui/tools/Value";
import { verdictOf, withoutFiles } from "@/ui/tools/verdict";
import { CallFiles } from "./CallFiles";
import { callFacts } from "./facts";

interface CallDetailsProps {
  store: ConversationStore;
  runId: string;
  call: LiveCall;
  /** Of the tool. */
  name: string;
}

/** What a call was for and what came of it, who decided, and the files that it left. */
export function CallDetails({ store, runId, call, name }: CallDetailsProps) {
  const { t, i18n } = useTranslation();
  const approval = useChatState(store, (state) =>
    call.approval_id ? state.conversation?.approvals[call.approval_id] : undefined,
  );
  const { loading, failed } = useResult(store, runId, call);
  const facts = callFacts(call, i18n.language);
  return (
    <div className="flex flex-col gap-3 text-[0.9rem]">
      <Part title={t("call.arguments")}>
        {Object.keys(call.arguments).length > 0 ? (
          <Fields value={call.arguments} />
        ) : (
          <span className="text-ink-soft">{t("call.noArguments")}</span>
        )}
      </Part>
      <Verdict approval={approval} denied={call.status === "denied"} />
      <Part title={t("call.result")}>
        {loading && (
          <p role="status">
            <span className="sr-only">{t("call.loading")}</span>
            <Skeleton className="h-6 w-2/3" />
          </p>
        )}
        {failed && <span className="text-ink-soft">{t("call.loadFailed")}</span>}
        {!loading && !failed && <Result call={call} />}
        <CallFiles ids={call.files} name={name} />
      </Part>
      {facts && <p className="text-[0.84rem] text-ink-soft tabular-nums sm:hidden">{facts}</p>}
    </div>
  );
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div className="min-w-0">
      <p className="mb-1 text-[0.8rem] text-ink-faint">{title}</p>
      {children}
    </div>
  );
}

function Result({ call }: { call: LiveCall }) {
  const { t } = useTranslation();
  if (call.result === null || call.result === undefined) {
    return <span className="text-ink-soft">{t("call.noResult")}</span>;
  }
  return <Value value={withoutFiles(call.result)} />;
}

/** How the user, the settings or time have decided about a call. */
function Verdict({ approval, denied }: { approval: LiveApproval | undefined; denied: boolean }) {
  const { t } = useTranslation();
  const text = denied
    ? t("call.denied")
    : approval && verdictOf(t, approval.status, approval.reason, approval.tool?.result);
  return text && <p className="break-words text-ink-soft">{text}</p>;
}

/** Asks for a result that no event tells, when somebody wants to see it. */
function useResult(store: ConversationStore, runId: string, call: LiveCall) {
  const wanted = !call.known && isCallOver(call.status) && call.task_id !== null;
  const query = useQuery({
    queryKey: ["call", runId, call.task_id, call.id, call.status],
    queryFn: async () => {
      store.adoptCalls(await fetchTask(runId, call.task_id ?? ""));
      return true;
    },
    enabled: wanted,
  });
  return { loading: wanted && query.isLoading, failed: wanted && query.isError };
}
