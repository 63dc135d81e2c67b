import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestPrometheus } from "@mcp-orchestrator/e2e/testkit/servers/prometheus";
import { cpuSeconds } from "../harness/processes.ts";
import { startPrometheus } from "../harness/prometheus.ts";
import { startService } from "../harness/service.ts";
import type { Context, Outcome, Row, Scenario } from "./scenario.ts";

const REPLICAS = [10, 100] as const;
/** Enough to fill windows of five minutes. The one rule with a longer window has a third of its samples. */
const FILL_EVALUATIONS = 21;
const MEASURED_EVALUATIONS = 6;
const QUICK = { fill: 1, measured: 2 };

export const rules: Scenario = {
  name: "rules",
  about: "cost of the shipped rules in Prometheus, with the series of 10 and of 100 replicas",

  async run(context): Promise<Outcome> {
    await using replica = await serve(await scrapeOnce(context));
    // In parallel, because they mostly wait.
    const rows = await Promise.all(REPLICAS.map((replicas) => measure(context, replica.port, replicas)));
    return {
      section: {
        title: "Rules",
        rows: rows.flat(),
        notes: [
          "Rules, intervals and flags are the shipped ones. All replicas have the metrics of the same service with six workers.",
          "An evaluation is one round of all rule groups.",
        ],
      },
      targets: {},
    };
  },
};

async function measure({ quick, progress }: Context, port: number, replicas: number): Promise<Row[]> {
  const { prometheus: started, intervalMs } = await startPrometheus(port, replicas);
  await using prometheus = started;
  const wait = async (what: string, evaluations: number) => {
    for (let done = 0; done < evaluations; done++) {
      progress(`rules, ${replicas} replicas: ${what}, ${done} of ${evaluations} evaluations`);
      await sleep(intervalMs);
    }
  };
  await wait("filling windows", quick ? QUICK.fill : FILL_EVALUATIONS);
  const before = await readCosts(prometheus);
  await wait("measuring", quick ? QUICK.measured : MEASURED_EVALUATIONS);
  const after = await readCosts(prometheus);
  const groups = (await prometheus.ownMetric("prometheus_rule_group_interval_seconds")).length;
  const evaluations = (after.count - before.count) / groups;
  const evaluationMs = ((after.seconds - before.seconds) / evaluations) * 1_000;
  const cpuPercent = ((after.cpu - before.cpu) / ((after.atMs - before.atMs) / 1_000)) * 100;
  const row = (label: string, unit: string, value: number): Row => ({
    label: `${replicas} replicas: ${label}`,
    unit,
    values: { ours: [value] },
    ratios: [],
  });
  return [
    row("one evaluation of all rules", "ms", evaluationMs),
    row("Prometheus, scrapes included", "% of a core", cpuPercent),
    row("series", "count", after.series),
  ];
}

async function readCosts(prometheus: TestPrometheus) {
  const [seconds = 0] = await prometheus.ownMetric("prometheus_rule_group_duration_seconds_sum");
  const [count = 0] = await prometheus.ownMetric("prometheus_rule_group_duration_seconds_count");
  const [series = 0] = await prometheus.ownMetric("prometheus_tsdb_head_series");
  return { atMs: performance.now(), cpu: cpuSeconds([prometheus.server.pid ?? 0]), seconds, count, series };
}

/** The metrics of the whole service. */
async function scrapeOnce({ server, progress }: Context): Promise<string> {
  progress("rules: the metrics of one replica");
  await server.client.flushall();
  await using service = await startService(server.url, 2);
  return await (await fetch(`${service.url}/metrics`)).text();
}

/** Serves the metrics of one replica. */
async function serve(metrics: string): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/plain; version=0.0.4; charset=utf-8");
    response.end(metrics);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}
