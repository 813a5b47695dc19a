import {
  Bookmark,
  Calculator,
  Camera,
  ClipboardList,
  Clock,
  FileUp,
  FolderOpen,
  Globe,
  History,
  type LucideIcon,
  MapPin,
  MessagesSquare,
  Mic,
  Plug,
  Search,
  SquareTerminal,
} from "lucide-react";

const ICONS: Record<string, LucideIcon> = {
  current_time: Clock,
  calculator: Calculator,
  python: SquareTerminal,
  web_search: Search,
  web_fetch: Globe,
  files: FolderOpen,
  memory_search: History,
  memory_save: Bookmark,
  ask_agent: MessagesSquare,
  camera: Camera,
  microphone: Mic,
  geolocation: MapPin,
  clipboard: ClipboardList,
  file_picker: FileUp,
};

/** A tool's own sign; a plug for what a user's server brought along. */
export function ToolIcon({ toolId, className = "size-4" }: { toolId: string; className?: string }) {
  const Icon = ICONS[toolId] ?? Plug;
  return <Icon aria-hidden className={className} />;
}
