import { z } from "zod";
import { UpstreamError } from "../errors.ts";
import type { TaskHandler } from "../queue/consume/handler.ts";
import { CATEGORIES, INTERVALS } from "../upstream/market.ts";
import type { Upstreams } from "../upstream/upstreams.ts";
import { forecastOf, MIN_CANDLES, returnsOf, summarize } from "./forecast.ts";

/** Payload of the `ml` task type: selects candles and the length of the forecast. */
const mlPayloadSchema = z
  .strictObject({
    symbol: z.string().regex(/^[A-Z0-9]{3,20}$/, "must be a symbol such as BTCUSDT"),
    category: z.enum(CATEGORIES).default("linear"),
    interval: z.enum(INTERVALS).default("60"),
    limit: z.int().min(MIN_CANDLES).max(1000).default(200).describe("Number of candles to analyze."),
    start: z.int().min(0).optional().describe("Earliest opening time, epoch ms."),
    end: z.int().min(0).optional().describe("Latest opening time, epoch ms."),
    horizon: z.int().min(1).max(100).default(10).describe("Number of candles to forecast."),
    confidence: z.number().min(0.5).max(0.999).default(0.95),
  })
  .refine(({ start, end }) => start === undefined || end === undefined || start < end, {
    path: ["end"],
    message: "must be later than start",
  });

/** Summarizes a market and forecasts its trend. */
export function mlHandler(market: Pick<Upstreams["market"], "klines">): TaskHandler {
  return {
    type: "ml",
    schema: mlPayloadSchema,
    upstream: "market",
    async run(payload, { signal }) {
      const { horizon, confidence, ...query } = payload as z.infer<typeof mlPayloadSchema>;
      const { value: klines, degraded } = await market.klines(query, signal);
      if (klines.length < MIN_CANDLES) {
        const problem = `market has ${klines.length} candles of ${query.symbol}; a forecast needs ${MIN_CANDLES}`;
        throw new UpstreamError("market", problem, { permanent: true });
      }
      return {
        symbol: query.symbol,
        category: query.category,
        interval: query.interval,
        candles: klines.length,
        from_ms: klines[0]?.openedAtMs,
        to_ms: klines.at(-1)?.openedAtMs,
        close: summarize(klines),
        returns: returnsOf(klines),
        trend: forecastOf(klines, horizon, confidence),
        ...(degraded ? { degraded } : {}),
      };
    },
  };
}
