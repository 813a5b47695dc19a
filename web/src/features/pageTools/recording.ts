/** Plenty for speech; two minutes are less than a megabyte. */
const BITS_PER_SECOND = 48_000;
const KINDS = ["audio/webm;codecs=opus", "audio/webm", "audio/mp4", "audio/ogg;codecs=opus"];

export interface Clip {
  blob: Blob;
  seconds: number;
}

/** Records a stream until it is stopped. Throws where the browser cannot. */
export function record(stream: MediaStream, done: (clip: Clip) => void): () => void {
  if (typeof MediaRecorder === "undefined") throw new DOMException("", "NotSupportedError");
  const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
  const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS_PER_SECOND });
  const parts: Blob[] = [];
  const begun = performance.now();
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.onstop = () => {
    const seconds = Math.max(0.1, (performance.now() - begun) / 1000);
    done({ blob: new Blob(parts, { type: recorder.mimeType }), seconds });
  };
  recorder.start();
  return () => recorder.state !== "inactive" && recorder.stop();
}

/** How loud it is, 0 to 1, told some sixty times a second until it is called off. */
export function watchLevel(stream: MediaStream, tell: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let frame = 0;
  const look = () => {
    analyser.getFloatTimeDomainData(samples);
    tell(loudness(samples));
    frame = requestAnimationFrame(look);
  };
  look();
  return () => {
    cancelAnimationFrame(frame);
    void context.close();
  };
}

const QUIETEST_DB = -60;

/** 0 to 1, on the scale of decibels that ears have. */
export function loudness(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < samples.length; index++) sum += (samples[index] ?? 0) ** 2;
  const decibels = 10 * Math.log10(sum / Math.max(1, samples.length) || Number.MIN_VALUE);
  return Math.min(1, Math.max(0, 1 - decibels / QUIETEST_DB));
}

export function dataUrlOf(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
