import { type ComponentType, lazy } from "react";
import { laterTexts } from "@/lib/i18n";
import { patiently } from "@/lib/patiently";

/** What only who has files needs, with its texts. */
function later<Props extends object>(load: () => Promise<ComponentType<Props>>) {
  return lazy(async () => {
    const [part] = await patiently(() => Promise.all([load(), laterTexts()]));
    return { default: part };
  });
}

export const AttachmentTray = later(async () => (await import("./AttachmentTray")).AttachmentTray);
export const DropHint = later(async () => (await import("./DropHint")).DropHint);
export const MessageFiles = later(async () => (await import("./MessageFiles")).MessageFiles);
