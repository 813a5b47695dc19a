import { useTranslation } from "react-i18next";
import { cx } from "@/lib/cx";
import { Select } from "@/ui/Select";

interface DeviceSelectProps {
  kind: "camera" | "microphone";
  devices: MediaDeviceInfo[];
  stream: MediaStream | null;
  className?: string;
  onChange: (deviceId: string) => void;
}

/** Which of several devices; nothing where there is but one. */
export function DeviceSelect({ kind, devices, stream, className, onChange }: DeviceSelectProps) {
  const { t } = useTranslation();
  if (devices.length < 2) return null;
  const current = stream?.getTracks()[0]?.getSettings().deviceId ?? devices[0]?.deviceId ?? "";
  return (
    <Select
      aria-label={t(`page.${kind}.device`)}
      className={cx("max-w-full", className)}
      value={current}
      options={devices.map((device, index) => ({
        value: device.deviceId,
        label: device.label || t(`page.${kind}.number`, { number: index + 1 }),
      }))}
      onChange={onChange}
    />
  );
}
