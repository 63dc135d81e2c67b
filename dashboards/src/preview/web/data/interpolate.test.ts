import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { interpolate } from "./interpolate.ts";

const ALL = { job: ".+", type: ".+" };
const SAMPLING = { stepMs: 15_000, rateIntervalMs: 60_000, rangeMs: 3_600_000 };

describe("a query", () => {
  test("matches everything while nothing is chosen", () => {
    expect(interpolate('up{job=~"$job"}', {}, ALL)).toBe('up{job=~".+"}');
  });

  test("matches one chosen value literally, and several as alternatives", () => {
    expect(interpolate(`a{type=~"$\{type}"}`, { type: ["ml"] }, ALL)).toBe('a{type=~"ml"}');
    expect(interpolate('a{type=~"$type"}', { type: ["ml", "codegen"] }, ALL)).toBe('a{type=~"(ml|codegen)"}');
  });

  test("has the windows of the sampling", () => {
    expect(interpolate("rate(a[$__rate_interval])", {}, ALL, SAMPLING)).toBe("rate(a[60000ms])");
  });

  test("keeps undefined names", () => {
    expect(interpolate('a{b=~"$other"}', {}, ALL, SAMPLING)).toBe('a{b=~"$other"}');
  });

  test("is safe from any characters in a value", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1 }).filter((text) => !text.includes("\n")),
        (value) => {
          const query = interpolate('a{job=~"$job"}', { job: [value] }, ALL);
          const literal = JSON.parse(query.slice("a{job=~".length, -1)) as string;
          expect(new RegExp(`^(?:${literal})$`).test(value)).toBe(true);
        },
      ),
    );
  });
});
