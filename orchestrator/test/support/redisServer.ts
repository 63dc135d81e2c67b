import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import type { RedisSettings } from "../../src/redis/connection.ts";

/** That of the system. */
export const SYSTEM_REDIS = "redis-server";

/** Where `scripts/other-releases.sh` unpacks a release that has all of the newer commands. */
export const NEWEST_REDIS = fileURLToPath(new URL("../../../.cache/tools/redis-newest/redis-server", import.meta.url));

/** A real Redis of this test's own, on an ephemeral loopback port, without persistence unless asked for. */
export type RedisServer = {
  readonly port: number;
  readonly url: string;
  /** A plain client for looking at the server. */
  readonly client: Redis;
  readonly pid: number;
  /** Where it keeps its files; gone with the server. */
  readonly folder: string;
  /** Connection settings for the code under test. */
  settings(overrides?: Partial<RedisSettings>): RedisSettings;
  /** Ends the process. @param signal SIGKILL is a crash */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again, on the same port and data. */
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Starts a server. @param options arguments of redis-server, such as `--appendonly yes` in two strings */
export function startRedis(...options: string[]): Promise<RedisServer> {
  return startRelease(SYSTEM_REDIS, ...options);
}

/** The same with one of several installed releases. @param program path or name of its redis-server */
export async function startRelease(program: string, ...options: string[]): Promise<RedisServer> {
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", ...options];
  return await startProcess(program, port, (directory) => [...args, "--dir", directory]);
}

/** Starts a Sentinel, which keeps its configuration in a file. @param lines of that file, besides the port */
export async function startSentinel(...lines: string[]): Promise<RedisServer> {
  const port = await freePort();
  return await startProcess(SYSTEM_REDIS, port, (directory) => {
    const file = join(directory, "sentinel.conf");
    writeFileSync(file, [`port ${port}`, "bind 127.0.0.1", `dir ${directory}`, ...lines, ""].join("\n"));
    return [file, "--sentinel"];
  });
}

async function startProcess(
  program: string,
  port: number,
  argumentsIn: (directory: string) => string[],
): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), "redis-"));
  const args = argumentsIn(directory);
  const client = new Redis({
    port,
    host: "127.0.0.1",
    lazyConnect: true,
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
  });
  client.on("error", () => undefined);
  let child: ChildProcess | undefined;
  let exited: Promise<void> = Promise.resolve();

  const start = async () => {
    const started = spawn(program, args, { stdio: "ignore" });
    child = started;
    exited = new Promise((resolve) => started.once("exit", () => resolve()));
    await Promise.race([
      client.ping(),
      new Promise<never>((_, reject) => {
        started.once("error", reject);
        started.once("exit", (code) => reject(new Error(`redis-server ended with ${code}`)));
      }),
    ]);
  };
  const stop = async (signal: NodeJS.Signals = "SIGTERM") => {
    child?.kill(signal);
    await exited;
  };

  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    client,
    get pid() {
      return child?.pid ?? -1;
    },
    folder: directory,
    settings: (overrides) => ({
      url: `redis://127.0.0.1:${port}`,
      sentinels: [],
      sentinelName: "",
      clusterNodes: [],
      connectTimeoutMs: 2_000,
      commandTimeoutMs: 2_000,
      ...overrides,
    }),
    stop,
    start,
    async [Symbol.asyncDispose]() {
      client.disconnect();
      await stop("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
