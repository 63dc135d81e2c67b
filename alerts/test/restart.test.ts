import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { renderPrometheusConfig } from "../src/render/prometheusConfig.ts";
import { renderRules } from "../src/render/rules.ts";
import { drillProfile } from "../src/timing.ts";
import { PROMETHEUS_RELEASES } from "../src/tools/releases.ts";
import { PrometheusProcess } from "./support/prometheusProcess.ts";

/** `for: 5m` takes 5 s. */
const profile = drillProfile(60);
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
    const folder = await mkdtemp(join(tmpdir(), "restart-"));
    try {
      const ruleFile = join(folder, "rules.yml");
      await writeFile(ruleFile, renderRules(profile));
      await writeFile(
        join(folder, "prometheus.yml"),
        renderPrometheusConfig(profile, {
          orchestrator: { targets: [target.address] },
          alertmanager: "127.0.0.1:9",
          ruleFile,
        }),
      );
      const history = (server: PrometheusProcess) => server.samples(`ALERTS_FOR_STATE{alertname="${ALERT}"}[10m]`);

      {
        await using first = await PrometheusProcess.start(release, folder, profile);
        const { state } = await first.alert(ALERT, ({ activeAt }) => Date.now() - Date.parse(activeAt) >= SERVED_MS);
        expect(state).toBe("pending");
      }
      const restartedAt = Date.now() / 1000;
      let beginning: number | undefined;
      {
        await using second = await PrometheusProcess.start(release, folder, profile);
        await second.alert(ALERT, ({ state }) => state === "firing");
        // Prometheus tells the beginning again when it has taken it up: what was served before the restart counts.
        const takenUp = (await history(second)).find(({ at }) => at > restartedAt);
        expect(takenUp).toBeDefined();
        beginning = takenUp?.value;
        expect((takenUp?.at ?? 0) - (beginning ?? 0)).toBeGreaterThanOrEqual(SERVED_MS / 1000 - ROUNDING_SECONDS);
      }
      await using third = await PrometheusProcess.start(release, folder, profile);
      await third.alert(ALERT, ({ state }) => state === "firing");
      expect((await history(third)).at(-1)?.value).toBe(beginning);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
