/** A moment as people say it: the time today, the date otherwise. */
export function shortTime(iso: string, language: string, now = new Date()): string {
  const date = new Date(iso);
  const time = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) return time.format(date);
  const sameYear = date.getFullYear() === now.getFullYear();
  return new Intl.DateTimeFormat(language, {
    day: "numeric",
    month: "short",
    ...(sameYear ? { hour: "numeric", minute: "2-digit" } : { year: "numeric" }),
  }).format(date);
}

export type Age = "today" | "yesterday" | "week" | "earlier";

const DAY_MS = 86_400_000;

/** Which heading of the chat list a moment belongs under. */
export function ageOf(iso: string, now = new Date()): Age {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const time = new Date(iso).getTime();
  if (time >= midnight) return "today";
  if (time >= midnight - DAY_MS) return "yesterday";
  return time >= midnight - 7 * DAY_MS ? "week" : "earlier";
}

export const wholeNumber = (value: number, language: string) => new Intl.NumberFormat(language).format(value);

/** Seconds between two moments, such as "0.8" or "12"; null when that makes no sense. */
export function secondsBetween(start: string, end: string | null, language: string): string | null {
  if (!end) return null;
  const seconds = (new Date(end).getTime() - new Date(start).getTime()) / 1000;
  if (!Number.isFinite(seconds) || seconds < 0) return null;
  return new Intl.NumberFormat(language, { maximumFractionDigits: seconds < 10 ? 1 : 0 }).format(seconds);
}

/** The sum of amounts such as "$0.0004", exact; null when there is none. */
export function sumOfCosts(costs: (string | null)[]): string | null {
  const known = costs.filter((cost) => cost !== null);
  if (known.length === 0) return null;
  const places = Math.max(...known.map((cost) => cost.split(".")[1]?.length ?? 0), 2);
  const total = known.reduce((sum, cost) => sum + scaled(cost, places), 0n);
  const digits = total.toString().padStart(places + 1, "0");
  return `$${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/(\.\d{2}\d*?)0+$/, "$1");
}

/** An amount such as "$0.0004" as a number, for comparing and drawing; nothing when it is not known. */
export const amountOf = (cost: string | null) => (cost === null ? 0 : Number(cost.replace("$", "")));

function scaled(cost: string, places: number): bigint {
  const [whole = "0", fraction = ""] = cost.replace("$", "").split(".");
  return BigInt(whole + fraction.padEnd(places, "0"));
}

/** "in 1 minute", "yesterday": how far a moment lies from now. */
export function relativeTime(iso: string, language: string, now = Date.now()): string {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [
    [60, "second"],
    [3600, "minute"],
    [86_400, "hour"],
    [2_592_000, "day"],
    [31_536_000, "month"],
  ];
  let size = 1;
  for (const [limit, unit] of steps) {
    if (Math.abs(seconds) < limit) return format.format(Math.trunc(seconds / size), unit);
    size = limit;
  }
  return format.format(Math.trunc(seconds / size), "year");
}

/** An amount for reading: two digits that count, such as "$0.0041" or "$1.25"; the exact one is for the books. */
export function shortMoney(cost: string): string {
  const value = Number(cost.replace("$", ""));
  if (!Number.isFinite(value)) return cost;
  if (value === 0) return "$0.00";
  if (value >= 0.095) return `$${value.toFixed(2)}`;
  const places = Math.min(8, 1 - Math.floor(Math.log10(value)));
  return `$${value.toFixed(places).replace(/(\.\d{2}\d*?)0+$/, "$1")}`;
}

/** Seconds as people say them: "0.8 sec", "12 sec", "1 min 20 sec", "2 hr 5 min". */
export function duration(seconds: number, language: string): string {
  const unit = (value: number, name: "hour" | "minute" | "second", digits = 0) =>
    new Intl.NumberFormat(language, {
      style: "unit",
      unit: name,
      unitDisplay: "short",
      maximumFractionDigits: digits,
    }).format(value);
  if (seconds < 9.95) return unit(seconds, "second", 1);
  const whole = Math.round(seconds);
  if (whole < 60) return unit(whole, "second");
  const [large, small, rest, of] =
    whole < 3600
      ? (["minute", "second", whole % 60, Math.floor(whole / 60)] as const)
      : (["hour", "minute", Math.floor((whole % 3600) / 60), Math.floor(whole / 3600)] as const);
  return rest ? `${unit(of, large)} ${unit(rest, small)}` : unit(of, large);
}

/** Bytes as people say them: "812 B", "34 kB", "2.1 MB". */
export function fileSize(bytes: number, language: string): string {
  const [value, unit, digits] =
    bytes < 1000
      ? ([bytes, "byte", 0] as const)
      : bytes < 1_000_000
        ? ([bytes / 1000, "kilobyte", 0] as const)
        : ([bytes / 1_000_000, "megabyte", 1] as const);
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit,
    unitDisplay: "short",
    maximumFractionDigits: digits,
  }).format(value);
}
