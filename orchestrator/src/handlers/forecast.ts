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

/** With fewer candles, the error of the regression is not significant. */
export const MIN_CANDLES = 10;

const QUANTILES = { p05: 0.05, p25: 0.25, p50: 0.5, p75: 0.75, p95: 0.95 } as const;

/** Statistics of the closing prices. */
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

/** Statistics of the log returns from candle to candle: mean, volatility per candle, and quantiles. */
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
 * Linear trend of the closing prices, with a forecast.
 *
 * @param horizon number of candles to forecast
 * @param confidence probability that a close lies in its interval, if the trend is linear and the deviations are normal and
 *   independent. Real markets deviate from this; see the r_squared of the trend
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
  // For a constant series, the formula would divide zero by zero.
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
