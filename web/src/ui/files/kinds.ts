import type { UserFile } from "@/api/types";

/** Those that browsers show; the server opens no other picture in one. */
const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/avif"];

export const isPicture = (mediaType: string) => PICTURES.includes(mediaType);

export const isRecording = (mediaType: string) => mediaType.startsWith("audio/");

/** Whether an agent is told no more of a file than its name. */
export const isUnreadable = ({ text, media_type }: UserFile) =>
  text === "failed" || (text === "none" && !isPicture(media_type));
