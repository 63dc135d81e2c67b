/** A range in an address: `now-1h`, or epoch milliseconds. */
export type TimeRange = { readonly from: string; readonly to: string };

/** A range in epoch milliseconds. */
export type Interval = { readonly fromMs: number; readonly toMs: number };

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
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

/** Milliseconds of a duration such as `15s` or `1m30s`; undefined if it is invalid. */
export function durationMs(text: string): number | undefined {
  if (!/^(\d+(ms|[smhdw]))+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)([a-z]+)/g)];
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (UNITS_MS[unit] ?? 0), 0);
}

/** The range in epoch milliseconds. @throws RangeError with what is invalid */
export function resolveRange({ from, to }: TimeRange, nowMs: number): Interval {
  const [fromMs, toMs] = [momentMs(from, nowMs), momentMs(to, nowMs)];
  if (fromMs < toMs) return { fromMs, toMs };
  throw new RangeError(`The range from ${from} to ${to} does not end after its start.`);
}

/** The range for people. */
export function rangeLabel(range: TimeRange): string {
  const quick = QUICK_RANGES.find(({ from }) => from === range.from);
  if (range.to === "now" && quick !== undefined) return `Last ${quick.label}`;
  const ago = /^now-(\d+[smhdw])$/.exec(range.from)?.[1];
  if (range.to === "now" && ago !== undefined) return `Last ${ago}`;
  const moment = (text: string) => (/^\d+$/.test(text) ? new Date(Number(text)).toLocaleString() : text);
  return `${moment(range.from)} to ${moment(range.to)}`;
}

function momentMs(text: string, nowMs: number): number {
  if (text === "now") return nowMs;
  if (/^\d{10,}$/.test(text)) return Number(text);
  const agoMs = text.startsWith("now-") ? durationMs(text.slice("now-".length)) : undefined;
  if (agoMs !== undefined) return nowMs - agoMs;
  throw new RangeError(`"${text}" is not a time: write now, now-15m, or milliseconds since 1970.`);
}
