import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PROMETHEUS_CONFIG, startPrometheus } from "@mcp-orchestrator/e2e/testkit/servers/prometheus";
import { until } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, test } from "vitest";
import { prometheusFlags, renderPrometheusConfig } from "../src/render/prometheusConfig.ts";
import { renderRules } from "../src/render/rules.ts";
import { drillProfile } from "../src/timing.ts";
import { PROMETHEUS_RELEASES, prometheus } from "../src/tools/releases.ts";

/** `for: 5m` takes 5 s. */
const profile = drillProfile(60);
const RULE_FILE = "rules.yml";
const DEADLINE_MS = 60_000;
const ALERT = "QueueDepthSpike";
/** For how long the alert has been pending when Prometheus is stopped. */
const SERVED_MS = 4000;
/** Prometheus keeps the beginning of a `for` in whole seconds. */
const ROUNDING_SECONDS = 1;

/** A service whose queue is too deep, and stays so. */
async function startTarget(): Promise<AsyncDisposable & { address: string }> {
  const server = createServer((_, response) =>
    response
      .setHeader("content-type", "text/plain; version=0.0.4")
      .end('mcp_queue_depth{queue="mcp:queue:ml",type="ml",lane="regular"} 600\n'),
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
  "a restart of Prometheus %s neither begins a `for` anew nor takes back what fires",
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

    const pending = await until(`${ALERT} to be active for ${SERVED_MS} ms`, { timeoutMs: DEADLINE_MS }, async () => {
      const active = await server.alerts();
      const mine = active.find(({ name, activeAtMs }) => name === ALERT && Date.now() - activeAtMs >= SERVED_MS);
      if (mine === undefined) throw new Error(JSON.stringify(active));
      return mine;
    });
    expect(pending.state).toBe("pending");
    const restartedAt = Date.now() / 1000;
    await restart();
    await server.waitForAlert(ALERT, "firing", { timeoutMs: DEADLINE_MS });
    // Prometheus reports the beginning again when it has taken it up: what was served before the restart counts.
    const takenUp = (await history()).find(({ at }) => at > restartedAt);
    expect(takenUp).toBeDefined();
    expect((takenUp?.at ?? 0) - (takenUp?.value ?? 0)).toBeGreaterThanOrEqual(SERVED_MS / 1000 - ROUNDING_SECONDS);
    await restart();
    await server.waitForAlert(ALERT, "firing", { timeoutMs: DEADLINE_MS });
    expect((await history()).at(-1)?.value).toBe(takenUp?.value);
  },
);
