import { parsePromql } from "@mcp-orchestrator/alerts/promql";
import { expect, test } from "vitest";
import { selectors } from "./recording.ts";

test("what is recorded are the scraped series that the rules read, with their matchers", () => {
  const all = selectors();
  for (const selector of all) expect(() => parsePromql(selector), selector).not.toThrow();
  expect(all).toContain('mcp_ack_attempts_total{outcome="ok"}');
  expect(all).toContain("mcp_queue_depth{}");
  expect(all.filter((selector) => selector.includes(":") || selector.startsWith("ALERTS"))).toEqual([]);
});
