import { useTranslation } from "react-i18next";
import type { LiveCall } from "@/live/calls";
import type { ConversationStore } from "@/live/store";
import { CallLine } from "./CallLine";

interface ToolCallsProps {
  store: ConversationStore;
  runId: string;
  calls: readonly LiveCall[];
}

/** Which tools an answer used, a line each. */
export function ToolCalls({ store, runId, calls }: ToolCallsProps) {
  const { t } = useTranslation();
  if (calls.length === 0) return null;
  return (
    <ul aria-label={t("call.list")} className="my-2 flex flex-col gap-0.5 first:mt-0">
      {calls.map((call) => (
        <CallLine key={call.id} store={store} runId={runId} call={call} />
      ))}
    </ul>
  );
}
