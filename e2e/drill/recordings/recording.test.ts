import { BUNDLE } from "@mcp-orchestrator/alerts";
import { parsePromql } from "@mcp-orchestrator/alerts/promql";
import { expect, test } from "vitest";
import { selectors } from "./recording.ts";

test("a recording has the scraped series that the rules read, with their matchers", () => {
  const all = selectors();
  const own = Object.entries(BUNDLE.selector).map(([label, value]) => `${label}="${value}"`);
  for (const selector of all) expect(() => parsePromql(selector), selector).not.toThrow();
  expect(all).toContain(`mcp_ack_attempts_total{${[...own, 'outcome="ok"'].join(",")}}`);
  expect(all).toContain(`mcp_queue_depth{${own.join(",")}}`);
  expect(all.filter((selector) => selector.includes(":") || selector.startsWith("ALERTS"))).toEqual([]);
});
