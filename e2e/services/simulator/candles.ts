const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The epoch was a Thursday; weekly candles open on Mondays. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

/** Intervals of Bybit's v5 API: minutes, day, week, month. */
export const INTERVALS = ["1", "3", "5", "15", "30", "60", "120", "240", "360", "720", "D", "W", "M"] as const;
export type Interval = (typeof INTERVALS)[number];

/** One candle as the API sends it: open time, open, high, low, close, volume, turnover. */
export type Candle = readonly [string, string, string, string, string, string, string];

/** Opening time of the candle that contains a moment. */
function openingOf(timeMs: number, interval: Interval): number {
  if (interval === "M") {
    const date = new Date(timeMs);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  }
  if (interval === "W") return Math.floor((timeMs - FIRST_MONDAY_MS) / (7 * DAY_MS)) * 7 * DAY_MS + FIRST_MONDAY_MS;
  const lengthMs = interval === "D" ? DAY_MS : Number(interval) * MINUTE_MS;
  return Math.floor(timeMs / lengthMs) * lengthMs;
}

/** A price that depends only on symbol and moment: a slow wave, a fast wave and a little noise. */
function priceAt(symbol: string, timeMs: number): number {
  let seed = 0;
  for (const char of symbol) seed = (seed * 31 + char.charCodeAt(0)) % 9973;
  const days = timeMs / DAY_MS;
  const noise = (Math.sin(days * 1e4 + seed) * 43758.5453) % 1;
  return (100 + seed) * (1 + 0.2 * Math.sin(days / 30 + seed) + 0.02 * Math.sin(days * 6) + 0.002 * noise);
}

/**
 * Candles of a symbol, newest first.
 *
 * @param range `startMs` and `endMs` bound the opening times, `limit` the number of candles (the newest are kept)
 */
export function candles(
  symbol: string,
  interval: Interval,
  range: { startMs?: number | undefined; endMs: number; limit: number },
): Candle[] {
  const list: Candle[] = [];
  let openMs = openingOf(range.endMs, interval);
  while (list.length < range.limit && openMs >= Math.max(0, range.startMs ?? 0)) {
    const previousMs = openingOf(openMs - 1, interval);
    const open = priceAt(symbol, openMs);
    const close = priceAt(symbol, openMs + (openMs - previousMs));
    const high = Math.max(open, close) * 1.001;
    const low = Math.min(open, close) * 0.999;
    const volume = 1000 + 500 * Math.sin(openMs / DAY_MS);
    list.push([
      String(openMs),
      ...[open, high, low, close].map((price) => price.toFixed(2)),
      volume.toFixed(3),
      (volume * close).toFixed(2),
    ] as unknown as Candle);
    openMs = previousMs;
  }
  return list;
}
