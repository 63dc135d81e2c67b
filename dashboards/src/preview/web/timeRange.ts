/** A range as the address has it: `now-1h`, or epoch milliseconds. */
export type TimeRange = { readonly from: string; readonly to: string };

/** A range in epoch milliseconds. */
export type Interval = { readonly fromMs: number; readonly toMs: number };

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Ranges offered in the toolbar. */
export const QUICK_RANGES: readonly { readonly label: string; readonly from: string }[] = [
  { label: "5 minutes", from: "now-5m" },
  { label: "15 minutes", from: "now-15m" },
  { label: "30 minutes", from: "now-30m" },
  { label: "1 hour", from: "now-1h" },
  { label: "3 hours", from: "now-3h" },
  { label: "6 hours", from: "now-6h" },
  { label: "24 hours", from: "now-24h" },
  { label: "7 days", from: "now-7d" },
];

/** Milliseconds of a duration such as `15s`; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d+)([smhdw])$/.exec(text);
  const unit = UNITS_MS[match?.[2] ?? ""];
  return match?.[1] === undefined || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** The range at a moment; what cannot be read is the last hour. */
export function resolveRange(range: TimeRange, nowMs: number): Interval {
  const toMs = momentMs(range.to, nowMs) ?? nowMs;
  const fromMs = momentMs(range.from, nowMs) ?? toMs - 3_600_000;
  return fromMs < toMs ? { fromMs, toMs } : { fromMs: toMs - 3_600_000, toMs };
}

/** The range as a person reads it. */
export function rangeLabel(range: TimeRange): string {
  const quick = QUICK_RANGES.find(({ from }) => from === range.from);
  if (range.to === "now" && quick !== undefined) return `Last ${quick.label}`;
  const ago = /^now-(\d+[smhdw])$/.exec(range.from)?.[1];
  if (range.to === "now" && ago !== undefined) return `Last ${ago}`;
  const moment = (text: string) => (/^\d+$/.test(text) ? new Date(Number(text)).toLocaleString() : text);
  return `${moment(range.from)} to ${moment(range.to)}`;
}

/** True of a range that moves with the clock. */
export function isLive(range: TimeRange): boolean {
  return range.to === "now";
}

function momentMs(text: string, nowMs: number): number | undefined {
  if (text === "now") return nowMs;
  if (/^\d{10,}$/.test(text)) return Number(text);
  const agoMs = text.startsWith("now-") ? durationMs(text.slice("now-".length)) : undefined;
  return agoMs === undefined ? undefined : nowMs - agoMs;
}
