import {
  aggregate,
  call,
  catalogueOf,
  counter,
  defineRule,
  minutes,
  type Samples,
  type Signal,
  selector,
  timeline,
} from "@mcp-orchestrator/alerts/define";

/** The alert of the shop: rule, texts, and samples by hand of when it must fire. */

const windowMs = minutes(2);

const signal: Signal = {
  record: "service:shop_orders_failed:rate",
  labels: [],
  expression: aggregate("sum", [], call("rate", selector("shop_orders_failed_total", [], { range: windowMs }))),
};

const samples: Samples = {
  threshold: 0.5,
  labels: { severity: "critical", service: "shop", team: "sales", page: "true" },
  cases: [
    {
      name: "one failure in two seconds is the threshold and silent",
      series: { shop_orders_failed_total: counter({ "0s": 7.5 }) },
      expect: timeline("10m silent, 30m silent"),
    },
    {
      name: "more than that is pending at once, fires after 5m and resolves when it is over",
      series: { shop_orders_failed_total: counter({ "0s": 0, "5m": 30, "15m": 0 }) },
      expect: timeline("5m silent, 5m30s pending, 10m15s pending, 10m30s firing, 15m firing, 30m silent", {}),
    },
    {
      name: "a service that is not scraped is not this alert's business",
      series: { shop_orders_failed_total: counter({ "0s": 0, "5m": "stale" }) },
      expect: [{ at: "20m" }],
    },
  ],
};

export const ordersFailing = defineRule({
  name: "ShopOrdersFailing",
  severity: "critical",
  page: true,
  signal,
  comparator: ">",
  threshold: { value: 0.5, unit: "perSecond" },
  windowMs,
  forMs: minutes(5),
  summary: (facts) => `Customers cannot order: more than ${facts.threshold} orders fail`,
  description: (facts) => `${facts.value} orders fail, above ${facts.threshold} for ${facts.for}.`,
  samples,
});

export const RULES = catalogueOf({ name: "shop", team: "sales", runbooks: "https://shop.example/runbooks" }, [
  ordersFailing,
]);
