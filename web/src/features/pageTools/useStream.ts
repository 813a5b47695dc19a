import { useEffect, useRef, useState } from "react";
import { type PageProblem, problemOf } from "./problem";

/**
 * A camera's or microphone's stream for as long as it is wanted; `wanted` null: none.
 *
 * Its tracks are stopped when something else is wanted and when the component goes, also when the user's permission
 * comes later than that.
 */
export function useStream(
  wanted: MediaStreamConstraints | null,
  onProblem: (problem: PageProblem) => void,
): MediaStream | null {
  const [stream, setStream] = useState<MediaStream | null>(null);
  const tell = useRef(onProblem);
  useEffect(() => {
    tell.current = onProblem;
  });
  const key = JSON.stringify(wanted);

  useEffect(() => {
    const constraints = JSON.parse(key) as MediaStreamConstraints | null;
    if (!constraints) return;
    let over = false;
    let opened: MediaStream | null = null;
    open(constraints).then(
      (found) => {
        opened = found;
        if (over) return stop(found);
        setStream(found);
        // A device that is pulled out, or a permission that is taken back.
        for (const track of found.getTracks()) {
          track.addEventListener("ended", () => over || tell.current({ error: "no_device" }));
        }
      },
      (error) => over || tell.current(problemOf(error)),
    );
    return () => {
      over = true;
      setStream(null);
      if (opened) stop(opened);
    };
  }, [key]);
  return stream;
}

async function open(constraints: MediaStreamConstraints): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("", "NotSupportedError");
  return navigator.mediaDevices.getUserMedia(constraints);
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** The devices of a kind, once a stream of them is open: before that they have no names. */
export function useDevices(kind: MediaDeviceKind, stream: MediaStream | null): MediaDeviceInfo[] {
  const [devices, setDevices] = useState<MediaDeviceInfo[]>([]);
  useEffect(() => {
    if (!stream) return;
    let over = false;
    const list = async () => {
      const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
      if (!over) setDevices(all.filter((device) => device.kind === kind && device.deviceId));
    };
    void list();
    navigator.mediaDevices.addEventListener("devicechange", list);
    return () => {
      over = true;
      navigator.mediaDevices.removeEventListener("devicechange", list);
    };
  }, [kind, stream]);
  return devices;
}
