import { expect, test } from "vitest";
import { targets } from "./targets.ts";
import { checkContext } from "./testing.ts";

const scraped = (times: readonly number[]) =>
  checkContext({
    prometheus: {
      query: async (expression: string) =>
        expression.startsWith("up") ? [{ labels: { job: "mcp-orchestrator", instance: "a:8000" }, value: 1 }] : [],
      sampleTimes: async () => [[...times]],
    },
  });

test.each([
  [[0, 15, 30, 45], "ok", "a sample every 15 s"],
  [[0, 15.4, 30.2, 45.1], "ok", "a sample every 15 s"],
  [[0, 5, 10], "ok", "a sample every 5 s"],
  [[0, 30, 60], "warning", "a sample every 30 s; the alerts were tested at 15 s and fire later"],
  [[0, 60, 120], "warning", "a sample every 60 s; the alerts were tested at 15 s and fire later"],
  [[0, 120, 240], "problem", "a sample every 120 s: too few in the 5 min that the rules look back"],
  [[60], "warning", "only one sample of each target in 5m"],
])("samples at %j are %s: %s", async (times, status, message) => {
  const finding = (await targets.examine(scraped(times))).find(({ subject }) => subject === "scrape interval");
  expect(finding).toMatchObject({ status, message });
});

test("without any metric of the service it names the scrape job to add", async () => {
  const nowhere = checkContext({ prometheus: { query: async () => [] } });
  expect(await targets.examine(nowhere)).toMatchObject([
    { status: "problem", subject: "job", remedy: expect.stringContaining("scrape_configs") },
  ]);
});
