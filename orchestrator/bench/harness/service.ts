import { fileURLToPath } from "node:url";
import { eventually } from "../../test/support/eventually.ts";
import { freePort } from "../../test/support/redisServer.ts";
import { KEY_PREFIX } from "../peers/ours.ts";
import { start, stop } from "./processes.ts";

const START_LIMIT_MS = 60_000;

/** The whole service as it ships, in processes of its own. */
export type Service = AsyncDisposable & {
  readonly url: string;
  readonly pid: number;
  /** Process ids of the workers, as the service tells them. */
  workerPids(): Promise<number[]>;
};

/**
 * Starts the service with no-op handlers for the built-in types and resolves when it is ready.
 *
 * @param workersPerType 0 for a service that only accepts
 */
export async function startService(redisUrl: string, workersPerType: number): Promise<Service> {
  const port = await freePort();
  const child = start(new URL("../../src/main.ts", import.meta.url), {
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
  });
  const url = `http://127.0.0.1:${port}`;
  const workers = async () => {
    const response = await fetch(`${url}/api/v1/workers/status`);
    return ((await response.json()) as { workers: { pid?: number; active: boolean }[] }).workers;
  };
  await eventually(
    async () => {
      if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}`);
      try {
        return (await workers()).filter(({ active }) => active).length;
      } catch {
        return -1;
      }
    },
    (active) => active === 3 * workersPerType,
    START_LIMIT_MS,
  );
  return {
    url,
    pid: child.pid ?? 0,
    workerPids: async () => (await workers()).flatMap(({ pid }) => pid ?? []),
    [Symbol.asyncDispose]: () => stop([child]),
  };
}
