import { Camera, RotateCcw, Send, SwitchCamera } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "@/lib/cx";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/Notice";
import { Spinner } from "@/ui/Spinner";
import type { BodyProps } from "./body";
import { DeviceSelect } from "./DeviceSelect";
import { photoOf } from "./picture";
import { problemOf } from "./problem";
import { useHiddenLong } from "./useHiddenLong";
import { useDevices, useStream } from "./useStream";

type Facing = "user" | "environment";

/** A photo: look, take it, look at it, send it. */
export function CameraBody({ tool, busy, send, fail }: BodyProps) {
  const { t } = useTranslation();
  const [facing, setFacing] = useState<Facing>(
    tool.arguments.facing === "environment" ? "environment" : "user",
  );
  const [device, setDevice] = useState<string | null>(null);
  const [photo, setPhoto] = useState<string | null>(null);
  const [paused, setPaused] = useState(false);
  const [seen, setSeen] = useState(false);
  const video = useRef<HTMLVideoElement>(null);
  const shutter = useRef<HTMLButtonElement>(null);
  const stream = useStream(photo || paused ? null : { video: videoOf(device, facing) }, fail);
  const devices = useDevices("videoinput", stream);
  useHiddenLong(() => !photo && setPaused(true));

  useEffect(() => {
    const element = video.current;
    if (!element || !stream) return;
    element.srcObject = stream;
    return () => {
      element.srcObject = null;
      setSeen(false);
    };
  }, [stream]);

  useEffect(() => {
    if (seen) shutter.current?.focus();
  }, [seen]);

  const take = () => {
    try {
      if (video.current) setPhoto(photoOf(video.current));
    } catch (error) {
      fail(problemOf(error));
    }
  };

  if (photo) {
    return (
      <div className="flex flex-col gap-4">
        <img
          src={photo}
          alt={t("page.camera.taken")}
          className="aspect-4/3 w-full rounded-xl bg-black object-contain"
        />
        <div className="flex flex-wrap gap-2">
          <Button look="primary" autoFocus busy={busy} onClick={() => send({ image: photo })}>
            {!busy && <Send aria-hidden className="size-4" />}
            {t("page.send")}
          </Button>
          <Button disabled={busy} onClick={() => setPhoto(null)}>
            <RotateCcw aria-hidden className="size-4" />
            {t("page.camera.retake")}
          </Button>
        </div>
      </div>
    );
  }
  if (paused) {
    return (
      <Notice
        tone="info"
        actions={
          <Button size="sm" onClick={() => setPaused(false)}>
            {t("page.open.camera")}
          </Button>
        }
      >
        {t("page.paused")}
      </Notice>
    );
  }
  return (
    <div className="flex flex-col gap-4">
      <div className="relative aspect-4/3 w-full overflow-hidden rounded-xl bg-black">
        <video
          ref={video}
          autoPlay
          muted
          playsInline
          aria-label={t("page.camera.preview")}
          onPlaying={() => setSeen(true)}
          // As in a mirror; the photo itself is not turned, so that writing stays readable.
          className={cx("size-full object-contain", facing === "user" && "-scale-x-100")}
        />
        {!seen && (
          <p
            role="status"
            className="absolute inset-0 flex items-center justify-center gap-2 text-[0.93rem] text-white"
          >
            <Spinner />
            {t("page.starting")}
          </p>
        )}
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <Button ref={shutter} look="primary" disabled={!seen} onClick={take}>
          <Camera aria-hidden className="size-4" />
          {t("page.camera.take")}
        </Button>
        {devices.length > 1 && (
          <Button
            className="pointer-fine:hidden"
            onClick={() => {
              setDevice(null);
              setFacing(facing === "user" ? "environment" : "user");
            }}
          >
            <SwitchCamera aria-hidden className="size-4" />
            {t("page.camera.turn")}
          </Button>
        )}
        <DeviceSelect
          kind="camera"
          className="flex-1"
          devices={devices}
          stream={stream}
          onChange={setDevice}
        />
      </div>
    </div>
  );
}

const videoOf = (device: string | null, facing: Facing): MediaTrackConstraints => ({
  ...(device ? { deviceId: { exact: device } } : { facingMode: facing }),
  width: { ideal: 1920 },
  height: { ideal: 1440 },
});
