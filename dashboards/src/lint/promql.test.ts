import { describe, expect, test } from "vitest";
import { parseQuery, RATE_INTERVAL } from "./promql.ts";

describe("a parsed query", () => {
  test("a range selector has its metric, matchers, range and function", () => {
    const { errors, selectors, groupedBy } = parseQuery('sum by (type) (rate(a_total{job=~"$job"}[$__rate_interval]))');
    expect(errors).toEqual([]);
    expect(groupedBy).toEqual(["type"]);
    expect(selectors).toEqual([
      {
        metric: "a_total",
        matchers: [{ label: "job", operator: "=~", value: "$job" }],
        range: RATE_INTERVAL,
        calledBy: "rate",
      },
    ]);
  });

  test("an instant selector has no range", () => {
    expect(parseQuery("max(a)").selectors).toEqual([
      { metric: "a", matchers: [], range: undefined, calledBy: undefined },
    ]);
  });

  test("an invalid query is an error with its position", () => {
    expect(parseQuery("sum(rate(a[5m])").errors).not.toEqual([]);
  });
});
