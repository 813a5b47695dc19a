import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useDeleteAgent } from "@/api/agents";
import type { Agent } from "@/api/types";
import { useSpace } from "@/live/LiveProvider";
import { Confirm } from "@/ui/Confirm";
import { errorText } from "@/ui/failures";
import { useToast } from "@/ui/toasts";

interface DeleteAgentProps {
  agent: Agent;
  open: boolean;
  onClose: () => void;
  onGone: () => void;
}

/** Asks, then deletes an agent and leaves its page. */
export function DeleteAgent({ agent, open, onClose, onGone }: DeleteAgentProps) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const space = useSpace();
  const toast = useToast();
  const remove = useDeleteAgent();
  const confirm = async () => {
    try {
      await remove.mutateAsync(agent.agent_id);
    } catch (error) {
      toast({ title: errorText(t, error) });
      onClose();
      return;
    }
    space.changed("agents");
    toast({ title: t("agents.deleted", { name: agent.name }) });
    onGone();
    go("/");
  };
  return (
    <Confirm
      open={open}
      onClose={onClose}
      title={t("agents.deleteTitle", { name: agent.name })}
      text={t("agents.deleteText")}
      action={t("common.delete")}
      busy={remove.isPending}
      onConfirm={() => void confirm()}
    />
  );
}
