import { RotateCcw, Send, Square } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { duration } from "@/lib/format";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/Notice";
import { Spinner } from "@/ui/Spinner";
import type { BodyProps } from "./body";
import { DeviceSelect } from "./DeviceSelect";
import { problemOf } from "./problem";
import { type Clip, dataUrlOf, record, watchLevel } from "./recording";
import { useHiddenLong } from "./useHiddenLong";
import { useDevices, useStream } from "./useStream";

const LONGEST = 120;

/** A recording: speak, stop, listen, send it. */
export function MicrophoneBody({ tool, busy, send, fail }: BodyProps) {
  const most = Math.min(LONGEST, Math.max(1, Number(tool.arguments.max_seconds) || 30));
  const [device, setDevice] = useState<string | null>(null);
  const [clip, setClip] = useState<(Clip & { silent: boolean }) | null>(null);
  const stream = useStream(clip ? null : { audio: device ? { deviceId: { exact: device } } : true }, fail);
  const devices = useDevices("audioinput", stream);
  if (clip) return <Listen clip={clip} busy={busy} send={send} fail={fail} again={() => setClip(null)} />;
  return (
    <div className="flex flex-col gap-4">
      <Recorder key={stream?.id} stream={stream} most={most} onClip={setClip} fail={fail} />
      <DeviceSelect kind="microphone" devices={devices} stream={stream} onChange={setDevice} />
    </div>
  );
}

interface RecorderProps extends Pick<BodyProps, "fail"> {
  stream: MediaStream | null;
  /** Seconds. */
  most: number;
  onClip: (clip: Clip & { silent: boolean }) => void;
}

/** Quieter than this is nothing but the device itself. */
const SILENCE = 0.12;

function Recorder({ stream, most, onClip, fail }: RecorderProps) {
  const { t, i18n } = useTranslation();
  const [seconds, setSeconds] = useState(0);
  const meter = useRef<HTMLDivElement>(null);
  const stop = useRef<() => void>(() => undefined);
  const button = useRef<HTMLButtonElement>(null);
  const told = useRef({ onClip, fail });
  useEffect(() => {
    told.current = { onClip, fail };
  });
  // What was said until then is kept.
  useHiddenLong(() => stop.current());

  useEffect(() => {
    if (!stream) return;
    button.current?.focus();
    let over = false;
    let loudest = 0;
    let stopWatching = () => {};
    try {
      stop.current = record(stream, (clip) => {
        if (!over) told.current.onClip({ ...clip, silent: loudest < SILENCE });
      });
      stopWatching = watchLevel(stream, (level) => {
        loudest = Math.max(loudest, level);
        if (meter.current) meter.current.style.width = `${level * 100}%`;
      });
    } catch (error) {
      told.current.fail(problemOf(error));
    }
    const begun = performance.now();
    const timer = setInterval(() => {
      const passed = (performance.now() - begun) / 1000;
      setSeconds(Math.floor(passed));
      if (passed >= most) stop.current();
    }, 200);
    return () => {
      over = true;
      clearInterval(timer);
      stopWatching();
      stop.current();
    };
  }, [stream, most]);

  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-col gap-3 rounded-xl bg-sunken p-4">
        <p className="flex items-center gap-2.5 font-medium" role="status">
          {stream ? (
            <>
              <span aria-hidden className="size-2.5 animate-dot rounded-full bg-danger" />
              {t("page.microphone.recording")}
            </>
          ) : (
            <>
              <Spinner />
              {t("page.starting")}
            </>
          )}
        </p>
        <div
          role="img"
          aria-label={t("page.microphone.level")}
          className="h-2.5 overflow-hidden rounded-full bg-line"
        >
          <div ref={meter} className="h-full w-0 rounded-full bg-accent" />
        </div>
        <p className="text-[0.9rem] text-ink-soft tabular-nums">
          {t("page.microphone.time", {
            time: duration(seconds, i18n.language),
            most: duration(most, i18n.language),
          })}
        </p>
      </div>
      <Button
        ref={button}
        look="primary"
        className="self-start"
        disabled={!stream}
        onClick={() => stop.current()}
      >
        <Square aria-hidden className="size-3.5 fill-current" />
        {t("page.microphone.stop")}
      </Button>
    </div>
  );
}

interface ListenProps extends Omit<BodyProps, "tool"> {
  clip: Clip & { silent: boolean };
  again: () => void;
}

function Listen({ clip, busy, send, fail, again }: ListenProps) {
  const { t } = useTranslation();
  const address = useMemo(() => URL.createObjectURL(clip.blob), [clip.blob]);
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  const deliver = async () => {
    try {
      send({ audio: await dataUrlOf(clip.blob), seconds: Math.round(clip.seconds * 10) / 10 });
    } catch (error) {
      fail(problemOf(error));
    }
  };
  return (
    <div className="flex flex-col gap-4">
      {clip.silent && <Notice tone="warn">{t("page.microphone.silent")}</Notice>}
      {/* biome-ignore lint/a11y/useMediaCaption: its speaker listens to it */}
      <audio controls src={address} aria-label={t("page.microphone.listen")} className="w-full" />
      <div className="flex flex-wrap gap-2">
        <Button look="primary" autoFocus busy={busy} onClick={() => void deliver()}>
          {!busy && <Send aria-hidden className="size-4" />}
          {t("page.send")}
        </Button>
        <Button disabled={busy} onClick={again}>
          <RotateCcw aria-hidden className="size-4" />
          {t("page.microphone.again")}
        </Button>
      </div>
    </div>
  );
}
