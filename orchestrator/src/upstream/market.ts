import { z } from "zod";
import { UpstreamError } from "../errors.ts";
import type { Answer, UpstreamClient } from "./client.ts";

/** Intervals of the Bybit v5 API: minutes, day, week, month. */
export const INTERVALS = ["1", "3", "5", "15", "30", "60", "120", "240", "360", "720", "D", "W", "M"] as const;
export const CATEGORIES = ["spot", "linear", "inverse"] as const;

/** Selects candles. */
export type KlineQuery = {
  readonly category: (typeof CATEGORIES)[number];
  readonly symbol: string;
  readonly interval: (typeof INTERVALS)[number];
  readonly limit: number;
  /** Bounds of the opening times, epoch milliseconds. */
  readonly start?: number | undefined;
  readonly end?: number | undefined;
};

/** One candle. */
export type Kline = {
  readonly openedAtMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
};

const decimal = z.string().transform(Number).pipe(z.number());
const envelopeSchema = z.looseObject({ retCode: z.int(), retMsg: z.string() });
const resultSchema = z.looseObject({
  result: z.looseObject({ list: z.array(z.tuple([decimal, decimal, decimal, decimal, decimal, decimal], z.string())) }),
});

/** Temporary errors, sent with HTTP 200: too many visits, server timeout, server error, busy. */
const RETRYABLE_CODES: ReadonlySet<number> = new Set([10000, 10006, 10016, 10018, 10429]);

/** Client of the Bybit v5 market API. */
export class MarketApi {
  readonly #client: UpstreamClient;

  constructor(client: UpstreamClient) {
    this.#client = client;
  }

  /**
   * Reads candles, oldest first.
   *
   * @throws CircuitOpenError, UpstreamError, or the reason of the signal
   */
  klines(query: KlineQuery, signal: AbortSignal): Promise<Answer<Kline[]>> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const path = `/v5/market/kline?${new URLSearchParams(given.map(([key, value]): [string, string] => [key, String(value)]))}`;
    return this.#client.request({ method: "GET", path }, klinesOf, signal);
  }
}

function klinesOf(body: unknown): Kline[] {
  const envelope = envelopeSchema.safeParse(body);
  if (!envelope.success) throw new UpstreamError("market", "market sent no v5 answer", { cause: envelope.error });
  const { retCode, retMsg } = envelope.data;
  if (retCode !== 0) {
    throw new UpstreamError("market", `market answered retCode ${retCode}: ${retMsg}`, {
      permanent: !RETRYABLE_CODES.has(retCode),
    });
  }
  const parsed = resultSchema.safeParse(body);
  if (!parsed.success) throw new UpstreamError("market", "market sent no klines", { cause: parsed.error });
  return parsed.data.result.list
    .map(([openedAtMs, open, high, low, close, volume]) => ({ openedAtMs, open, high, low, close, volume }))
    .reverse();
}
