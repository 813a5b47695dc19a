/** The longer side of a picture that is sent. With this quality even noise stays below the server's 6 MB. */
const LONGEST_SIDE = 1600;
const QUALITY = 0.88;

/** How large a picture becomes: as it is, or smaller in the same shape. */
export function scaled(width: number, height: number, longest = LONGEST_SIDE) {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** What a video shows now, as the data URL of a JPEG. */
export function photoOf(video: HTMLVideoElement): string {
  const { width, height } = scaled(video.videoWidth, video.videoHeight);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  if (!context) throw new DOMException("no canvas", "NotSupportedError");
  context.drawImage(video, 0, 0, width, height);
  return canvas.toDataURL("image/jpeg", QUALITY);
}
