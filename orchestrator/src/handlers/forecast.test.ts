import fc from "fast-check";
import { expect, test } from "vitest";
import type { Kline } from "../upstream/market.ts";
import { forecastOf, MIN_CANDLES, returnsOf, summarize } from "./forecast.ts";

const candle = (close: number, n: number): Kline => ({
  openedAtMs: n * 60_000,
  open: close,
  high: close + 1,
  low: close - 1,
  close,
  volume: 10,
});
const rising = Array.from({ length: 20 }, (_, n) => candle(100 + 2 * n, n));

test("a linear rise is forecast exactly, with no margin", () => {
  const forecast = forecastOf(rising, 2, 0.95);
  expect(forecast).toMatchObject({ direction: "up", r_squared: 1 });
  expect(forecast.slope_per_candle).toBeCloseTo(2);
  expect(forecast.predictions[1]?.close).toBeCloseTo(142);
  expect(forecast.predictions[1]?.high).toBeCloseTo(142);
});

test("a constant series is flat and gives no NaN", () => {
  const still = Array.from({ length: 12 }, (_, n) => candle(5, n));
  const result = { ...forecastOf(still, 3, 0.95), ...returnsOf(still), ...summarize(still) };
  expect(result).toMatchObject({ direction: "flat", volatility: 0, standard_deviation: 0 });
  expect(JSON.stringify(result)).not.toContain("null");
});

test("the summary contains the statistics of the closing prices", () => {
  expect(summarize(rising)).toMatchObject({ first: 100, last: 138, low: 99, high: 139, mean: 119, volume: 200 });
  expect(summarize(rising).quantiles.p50).toBe(119);
});

test("the interval of a noisy series has the width of the textbook formula", () => {
  // Least squares by hand for 0, 1, 0, 1, ...: the standard deviation of the residuals is about one half.
  const noisy = Array.from({ length: 100 }, (_, n) => candle(10 + (n % 2), n));
  const [next] = forecastOf(noisy, 1, 0.95).predictions;
  const margin = ((next?.high ?? 0) - (next?.low ?? 0)) / 2;
  expect(margin).toBeCloseTo(1.959964 * 0.505 * Math.sqrt(1 + 0.01 + 50.5 ** 2 / 83325), 2);
});

test("for any prices, figures are finite, and intervals contain their prediction and widen with the distance", () => {
  const price = fc.double({ min: 0.0001, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(fc.array(price, { minLength: MIN_CANDLES, maxLength: 200 }), (closes) => {
      const klines = closes.map(candle);
      const { predictions, ...trend } = forecastOf(klines, 5, 0.9);
      const figures = JSON.stringify({ trend, predictions, ...summarize(klines), returns: returnsOf(klines) });
      expect(figures).not.toContain("null");
      for (const { low, close, high } of predictions) expect(low <= close && close <= high).toBe(true);
      const widths = predictions.map(({ low, high }) => high - low);
      for (const [n, width] of widths.slice(1).entries())
        expect(width).toBeGreaterThanOrEqual((widths[n] ?? 0) * 0.999999);
    }),
  );
});
