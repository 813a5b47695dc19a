import {
  Bookmark,
  Ellipsis,
  FileText,
  Filter,
  Lightbulb,
  type LucideIcon,
  MessageSquare,
  Pencil,
  ScrollText,
  Trash2,
  Workflow,
  Wrench,
} from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useEditMemory } from "@/api/memory";
import type { Agent, Memory } from "@/api/types";
import { IconButton } from "@/ui/IconButton";
import { Menu, MenuItem, MenuSeparator } from "@/ui/Menu";
import { titleOf } from "@/ui/memory/words";
import { useToast } from "@/ui/toasts";
import { MemoryFacts } from "./MemoryFacts";
import { MemoryText } from "./MemoryText";
import { TextForm } from "./TextForm";

const ICONS: Record<Memory["kind"], LucideIcon> = {
  message: MessageSquare,
  task: Workflow,
  tool: Wrench,
  file: FileText,
  note: Bookmark,
  fact: Lightbulb,
  summary: ScrollText,
};

interface MemoryEntryProps {
  memory: Memory;
  /** The fact that took its place, if it is shown, too. */
  newer: Memory | undefined;
  agents: readonly Agent[];
  onForget: () => void;
  onForgetChat: () => void;
  onOnlyChat: () => void;
}

/** One memory: what it says, where it is from, and what can be done with it. */
export function MemoryEntry({ memory, newer, agents, onForget, onForgetChat, onOnlyChat }: MemoryEntryProps) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState(false);
  const Icon = ICONS[memory.kind];
  return (
    <li className="flex items-start gap-3 px-4 py-3.5">
      <Icon aria-hidden className="mt-1 size-4 shrink-0 text-ink-soft" />
      <div className="min-w-0 flex-1">
        {editing ? (
          <Editing memory={memory} onDone={() => setEditing(false)} />
        ) : (
          <MemoryText text={memory.text} faded={memory.superseded_by !== null} />
        )}
        {newer && (
          <p className="mt-1 break-words text-[0.9rem] text-ink-soft">
            {t("memory.now", { text: newer.text })}
          </p>
        )}
        <MemoryFacts memory={memory} title={titleOf(t, memory, agents)} />
      </div>
      {!editing && (
        <div className="-my-1 -mr-2 flex shrink-0">
          <IconButton
            icon={Pencil}
            label={t("memory.edit")}
            size="sm"
            className="max-sm:hidden"
            onClick={() => setEditing(true)}
          />
          <Menu trigger={<IconButton icon={Ellipsis} label={t("memory.actions")} size="sm" />}>
            <MenuItem icon={Pencil} onSelect={() => setEditing(true)}>
              {t("memory.edit")}
            </MenuItem>
            {memory.session_id !== null && (
              <MenuItem icon={Filter} onSelect={onOnlyChat}>
                {t("memory.onlyChat")}
              </MenuItem>
            )}
            <MenuSeparator />
            <MenuItem icon={Trash2} danger onSelect={onForget}>
              {t("memory.forget")}
            </MenuItem>
            {memory.session_id !== null && (
              <MenuItem icon={Trash2} danger onSelect={onForgetChat}>
                {t("memory.forgetChat")}
              </MenuItem>
            )}
          </Menu>
        </div>
      )}
    </li>
  );
}

/** The text is changed where it stands; what it was made of stays as it was said. */
function Editing({ memory, onDone }: { memory: Memory; onDone: () => void }) {
  const { t } = useTranslation();
  const toast = useToast();
  const edit = useEditMemory();
  return (
    <div className="mb-2">
      <TextForm
        label={t("memory.text")}
        initial={memory.text}
        busy={edit.isPending}
        error={edit.error}
        onCancel={onDone}
        onSave={(text) =>
          edit.mutate(
            { id: memory.id, text },
            {
              onSuccess: () => {
                toast({ title: t("memory.edited") });
                onDone();
              },
            },
          )
        }
      />
    </div>
  );
}
