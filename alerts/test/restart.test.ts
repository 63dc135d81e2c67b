import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PROMETHEUS_CONFIG, startPrometheus } from "@mcp-orchestrator/e2e/testkit/servers/prometheus";
import { until } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, test } from "vitest";
import { alertNamed } from "../src/catalogue/index.ts";
import { prometheusFlags, renderPrometheusConfig } from "../src/render/prometheusConfig.ts";
import { renderRules } from "../src/render/ruleFile.ts";
import { drillProfile } from "../src/timing.ts";
import { PROMETHEUS_RELEASES, prometheus } from "../src/tools/releases.ts";

/**
 * `for: 5m` takes 15 s, and its holdover half of that: after a longer restart, or without a scrape in the first two evaluations,
 * a `for` rightly starts again.
 */
const profile = drillProfile(20);
const RULE_FILE = "rules.yml";
const DEADLINE_MS = 60_000;
const ALERT = "QueueDepthSpike";
const DEPTH = alertNamed(ALERT).threshold.value + 100;
/** Least time for which the alert has been pending when Prometheus is stopped: more than a new start takes. */
const SERVED_SECONDS = 2;
/** Prometheus keeps the beginning of a `for` in whole seconds. */
const ROUNDING_SECONDS = 1;

/** A service whose queue is too deep, and stays so. */
async function startTarget(): Promise<AsyncDisposable & { address: string }> {
  const server = createServer((_, response) =>
    response
      .setHeader("content-type", "text/plain; version=0.0.4")
      .end(`mcp_queue_depth{queue="mcp:queue:ml",type="ml",lane="regular"} ${DEPTH}\n`),
  ).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test.concurrent.each(PROMETHEUS_RELEASES)(
  "a restart of Prometheus %s neither restarts a `for` nor resolves a firing alert",
  async (release) => {
    await using target = await startTarget();
    await using server = await startPrometheus(
      {
        files: {
          [RULE_FILE]: renderRules(profile),
          [PROMETHEUS_CONFIG]: renderPrometheusConfig(profile, {
            orchestrator: { targets: [target.address] },
            alertmanager: "127.0.0.1:9",
            ruleFile: RULE_FILE,
          }),
        },
        flags: prometheusFlags(profile),
      },
      { command: prometheus(release) },
    );
    const history = () => server.samples(`ALERTS_FOR_STATE{alertname="${ALERT}"}[10m]`);
    const restart = async () => {
      // In order, as an operator does it.
      await server.server.stop();
      await server.server.start();
    };

    const served = await until(`${SERVED_SECONDS} s of the for`, { timeoutMs: DEADLINE_MS }, async () => {
      const last = (await history()).at(-1);
      if (last === undefined || last.at - last.value < SERVED_SECONDS) throw new Error(JSON.stringify(last));
      return last.at - last.value;
    });
    expect((await server.alerts()).find(({ name }) => name === ALERT)?.state).toBe("pending");
    const restartedAt = Date.now() / 1000;
    await restart();
    await server.waitForAlert(ALERT, "firing", { timeoutMs: DEADLINE_MS });
    // Prometheus reports the beginning again when it has taken it up: what was served before the restart counts.
    const takenUp = (await history()).find(({ at }) => at > restartedAt);
    expect(takenUp).toBeDefined();
    expect((takenUp?.at ?? 0) - (takenUp?.value ?? 0)).toBeGreaterThanOrEqual(served - ROUNDING_SECONDS);
    await restart();
    await server.waitForAlert(ALERT, "firing", { timeoutMs: DEADLINE_MS });
    expect((await history()).at(-1)?.value).toBe(takenUp?.value);
  },
);
