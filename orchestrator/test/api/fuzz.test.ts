import { startSimulatorProcess } from "@mcp-orchestrator/e2e/simulator";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import fc from "fast-check";
import { Pool } from "undici";
import { expect, test } from "vitest";
import { requestArbitrary } from "../../src/api/testing/requests.ts";
import { startRedis } from "../support/redisServer.ts";
import { ServiceProcess } from "../support/service.ts";

const REQUESTS = 10_000;
const AT_ONCE = 20;

/** Number of tasks that were ever accepted, including delayed ones. */
async function acceptedTasks(metrics: string): Promise<number> {
  return [...metrics.matchAll(/^mcp_tasks_enqueued_total\{[^}]*\} (\d+)/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}

test(`${REQUESTS} random requests to the running service: no 5xx, no crash, and rejected requests enqueue nothing`, async () => {
  await using redis = await startRedis();
  await using simulator = await startSimulatorProcess();
  await using service = await ServiceProcess.asShipped({
    REDIS_URL: redis.url,
    WORKERS_PER_TYPE: "1",
    // Generous: the machine may be busy with other suites, and this test is not about a slow Redis.
    REDIS_COMMAND_TIMEOUT_MS: "30000",
    CHAT_BASE_URL: simulator.url,
    MARKET_BASE_URL: simulator.url,
    HANDLERS: new URL("../../examples/handlers.ts", import.meta.url).pathname,
  });
  await service.start();
  const pool = new Pool(service.url, { connections: AT_ONCE });
  const get = async (path: string) => (await pool.request({ path, method: "GET" })).body.text();
  await eventually(
    () => get("/metrics"),
    (metrics) => metrics.includes("mcp_redis_up 1"),
    60_000,
  );
  const { paths } = JSON.parse(await get("/openapi.json"));
  // Requests may pause types, limit the rate and scale workers to zero.
  const arbitrary = requestArbitrary(paths, ["word_count", "reasoning"]);
  let accepted = 0;
  const requests = fc.sample(arbitrary, { numRuns: REQUESTS, seed: Date.now() });
  async function client(): Promise<void> {
    for (let request = requests.pop(); request !== undefined; request = requests.pop()) {
      const { method, url, body, contentType } = request;
      const response = await pool.request({
        method,
        path: url,
        headers: contentType === undefined ? {} : { "content-type": contentType },
        body: body ?? null,
      });
      const text = await response.body.text();
      const about = `${method} ${url} ${String(body).slice(0, 300)} -> ${response.statusCode} ${text.slice(0, 300)}`;
      // A rate limit or a full queue that the requests themselves caused is not a failure.
      if (response.statusCode === 503) expect(text, about).toMatch(/OVERLOADED|"checks"/);
      else expect(response.statusCode, about).toBeLessThan(500);
      // Otherwise the limit would reject most of the requests.
      if (url.startsWith("/api/v1/admin/rate-limit/enable") && response.statusCode === 200) {
        await (await pool.request({ method: "POST", path: "/api/v1/admin/rate-limit/disable" })).body.dump();
      }
      if (method === "POST" && response.statusCode === 202) {
        const answer = JSON.parse(text);
        accepted += answer.accepted ?? (answer.duplicate ? 0 : 1);
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client));

  expect(accepted).toBeGreaterThan(50);
  expect(await acceptedTasks(await get("/metrics"))).toBe(accepted);
  expect(service.output).not.toMatch(/Request failed|Orchestrator ends|crashed/);
  await pool.close();
  service.kill("SIGTERM");
  expect(await service.exited()).toBe(0);
}, 300_000);
