import {
  linearRegression,
  linearRegressionLine,
  max,
  mean,
  min,
  probit,
  quantile,
  rSquared,
  sampleStandardDeviation,
  sum,
} from "simple-statistics";
import type { Kline } from "../upstream/market.ts";

/** Below this a regression says nothing about its own error. */
export const MIN_CANDLES = 10;

const QUANTILES = { p05: 0.05, p25: 0.25, p50: 0.5, p75: 0.75, p95: 0.95 } as const;

/** Statistics of the closing prices of a run of candles. */
export function summarize(klines: readonly Kline[]) {
  const closes = klines.map(({ close }) => close);
  return {
    first: closes[0] ?? 0,
    last: closes.at(-1) ?? 0,
    low: min(klines.map(({ low }) => low)),
    high: max(klines.map(({ high }) => high)),
    mean: mean(closes),
    standard_deviation: sampleStandardDeviation(closes),
    quantiles: Object.fromEntries(Object.entries(QUANTILES).map(([name, p]) => [name, quantile(closes, p)])),
    volume: sum(klines.map(({ volume }) => volume)),
  };
}

/** Log returns from candle to candle: their mean, their spread (volatility per candle) and quantiles. */
export function returnsOf(klines: readonly Kline[]) {
  const returns = klines.slice(1).map(({ close }, index) => Math.log(close / (klines[index]?.close ?? close)));
  return {
    mean: mean(returns),
    volatility: sampleStandardDeviation(returns),
    worst: min(returns),
    best: max(returns),
    quantiles: Object.fromEntries(Object.entries(QUANTILES).map(([name, p]) => [name, quantile(returns, p)])),
  };
}

/**
 * Straight-line trend of the closing prices and its continuation.
 *
 * @param horizon candles to look ahead
 * @param confidence probability with which a close lies inside its interval, given that the trend is a line and the
 *   deviations from it are normal and independent; markets are neither, which the r_squared of the trend hints at
 */
export function forecastOf(klines: readonly Kline[], horizon: number, confidence: number) {
  const points = klines.map(({ close }, index) => [index, close]);
  const count = points.length;
  const { m: slope, b: intercept } = linearRegression(points);
  const line = linearRegressionLine({ m: slope, b: intercept });
  const middle = (count - 1) / 2;
  const spread = (count * (count * count - 1)) / 12;
  const squaredErrors = sum(points.map(([x = 0, y = 0]) => (y - line(x)) ** 2));
  const residual = Math.sqrt(squaredErrors / (count - 2));
  const z = probit((1 + confidence) / 2);
  // A series that never moves is explained perfectly; the formula would divide zero by zero.
  const explained = squaredErrors === 0 ? 1 : rSquared(points, line);
  return {
    slope_per_candle: slope,
    intercept,
    r_squared: explained,
    direction: Math.abs(slope) * count <= residual ? "flat" : slope > 0 ? "up" : "down",
    confidence,
    predictions: Array.from({ length: horizon }, (_, ahead) => {
      const x = count + ahead;
      const margin = z * residual * Math.sqrt(1 + 1 / count + (x - middle) ** 2 / spread);
      const close = line(x);
      return { candles_ahead: ahead + 1, close, low: close - margin, high: close + margin };
    }),
  };
}
