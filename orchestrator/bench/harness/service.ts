import { fileURLToPath } from "node:url";
import { requestJson } from "@mcp-orchestrator/e2e/testkit/http";
import { freePort } from "@mcp-orchestrator/e2e/testkit/ports";
import { TestFolder } from "@mcp-orchestrator/e2e/testkit/process/folder";
import { HttpProcess } from "@mcp-orchestrator/e2e/testkit/servers/httpProcess";
import { until } from "@mcp-orchestrator/e2e/testkit/until";
import { KEY_PREFIX } from "../peers/ours.ts";
import { profilerOptions } from "./processes.ts";

const START_LIMIT_MS = 60_000;

/** The whole service in its own processes. */
export type Service = AsyncDisposable & {
  readonly url: string;
  readonly pid: number;
  /** Process ids of the workers, as the service reports them. */
  workerPids(): Promise<number[]>;
};

/**
 * Starts the service with no-op handlers for the built-in types. Resolves when it is ready.
 *
 * @param workersPerType 0 for a service that only accepts tasks
 */
export async function startService(redisUrl: string, workersPerType: number): Promise<Service> {
  await using parts = new AsyncDisposableStack();
  const port = await freePort();
  const server = new HttpProcess(
    {
      ...{ name: "service", port, readyPath: "/healthz" },
      script: fileURLToPath(new URL("../../src/main.ts", import.meta.url)),
      nodeOptions: profilerOptions(),
      env: {
        HOST: "127.0.0.1",
        PORT: String(port),
        REDIS_URL: redisUrl,
        KEY_PREFIX,
        HANDLERS: fileURLToPath(new URL("../peers/handlers.ts", import.meta.url)),
        WORKERS_PER_TYPE: String(workersPerType),
        WORKER_CONCURRENCY: "100",
        MAX_QUEUE_DEPTH: "100000000",
        LOG_FILE: "",
      },
    },
    parts.use(new TestFolder("service")),
  );
  parts.use(server);
  await server.start();
  const { url } = server;
  const workers = async () => {
    type Answer = { workers: { pid?: number; active: boolean }[] };
    return (await requestJson<Answer>(`${url}/api/v1/workers/status`)).workers;
  };
  await until("all workers to be active", { timeoutMs: START_LIMIT_MS }, async () => {
    const active = (await workers()).filter((worker) => worker.active).length;
    if (active !== 3 * workersPerType) throw new Error(`${active} of ${3 * workersPerType} are active`);
  });
  const owned = parts.move();
  return {
    url,
    pid: server.pid ?? 0,
    workerPids: async () => (await workers()).flatMap(({ pid }) => pid ?? []),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
