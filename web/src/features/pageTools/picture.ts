/** The longer side of a picture that is sent. */
const LONGEST_SIDE = 1600;
/** A request may have a million bytes, and base64 makes four out of three. */
const MOST_CHARACTERS = 900_000;
const QUALITIES = [0.9, 0.8, 0.7, 0.55];

/** How large a picture becomes: as it is, or smaller in the same shape. */
export function scaled(width: number, height: number, longest = LONGEST_SIDE) {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** What a video shows now, as the data URL of a JPEG that is small enough to be sent. */
export function photoOf(video: HTMLVideoElement): string {
  for (let longest = LONGEST_SIDE; ; longest = Math.round(longest * 0.75)) {
    const { width, height } = scaled(video.videoWidth, video.videoHeight, longest);
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    if (!context) throw new DOMException("no canvas", "NotSupportedError");
    context.drawImage(video, 0, 0, width, height);
    const photos = QUALITIES.map((quality) => () => canvas.toDataURL("image/jpeg", quality));
    for (const make of photos) {
      const photo = make();
      if (photo.length <= MOST_CHARACTERS) return photo;
    }
  }
}
