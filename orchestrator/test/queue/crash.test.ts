import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { COMPILE_CACHE } from "@mcp-orchestrator/e2e/testkit/process/compileCache";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { describe, expect, it } from "vitest";
import { DeadLetters } from "../../src/queue/inspect/deadLetters.ts";
import { TaskLookup } from "../../src/queue/inspect/lookup.ts";
import { readSnapshot } from "../../src/queue/inspect/snapshot.ts";
import { Deaths } from "../../src/queue/recover/deaths.ts";
import { createRedis, type RedisClient } from "../../src/redis/connection.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { createSubmission, keys, TYPE, testSettings } from "../support/worker.ts";

const SCRIPT = fileURLToPath(new URL("../support/workerProcess.ts", import.meta.url));
const WORKERS = 3;

/** Workers on a separate Redis. A worker that dies is restarted. */
class Fleet {
  readonly server: RedisServer;
  readonly redis: RedisClient;
  readonly lookup: TaskLookup;
  readonly #workers: ChildProcess[] = [];
  readonly #deaths: Deaths;
  #restarting = true;

  static async start(): Promise<Fleet> {
    const fleet = new Fleet(await startRedis());
    await Promise.all(Array.from({ length: WORKERS }, (_, index) => fleet.#startWorker(index)));
    return fleet;
  }

  private constructor(server: RedisServer) {
    this.server = server;
    this.redis = createRedis(server.settings(), "commands", "test");
    this.lookup = new TaskLookup(this.redis, keys, [TYPE]);
    this.#deaths = new Deaths(this.redis, keys, "");
  }

  async #startWorker(index: number): Promise<void> {
    const child = fork(SCRIPT, [String(this.server.port), String(index)], {
      env: { ...process.env, ...COMPILE_CACHE },
      stdio: "ignore",
    });
    this.#workers[index] = child;
    child.once("exit", async () => {
      if (!this.#restarting) return;
      // Like the supervisor.
      await this.#deaths.count({ type: TYPE, index }).catch(() => undefined);
      void this.#startWorker(index);
    });
    await Promise.race([once(child, "message"), once(child, "exit")]);
  }

  kill(index: number, signal: NodeJS.Signals): void {
    this.#workers[index]?.kill(signal);
  }

  async submit(payloads: readonly unknown[]): Promise<string[]> {
    const tasks = payloads.map((payload, at) => ({
      type: TYPE,
      priority: at % 20,
      payloadJson: JSON.stringify(payload),
    }));
    return (await createSubmission(this.redis).submit(tasks)).map(({ taskId }) => taskId);
  }

  /** Waits until all queues are empty and task accounting matches. */
  async finished(): Promise<void> {
    await eventually(
      async () =>
        (await readSnapshot(this.redis, keys, [TYPE], 0)).queues.map(({ depth, unaccounted }) => [depth, unaccounted]),
      (rows) => rows.flat().every((value) => value === 0),
      30_000,
      50,
    );
  }

  /** How often each task was started. */
  async runs(): Promise<Record<string, string>> {
    return await this.server.client.hgetall("runs");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#restarting = false;
    for (const worker of this.#workers) worker.kill("SIGKILL");
    this.redis.disconnect();
    await this.server[Symbol.asyncDispose]();
  }
}

describe.concurrent("worker processes", () => {
  it("that are killed in turn under load lose no task, and repeat only tasks in flight", async () => {
    await using fleet = await Fleet.start();
    const ids = await fleet.submit(Array.from({ length: 600 }, (_, at) => at));
    const kills = 2 * WORKERS;
    for (let kill = 0; kill < kills; kill++) {
      const before = Object.keys(await fleet.runs()).length;
      await eventually(
        () => fleet.runs(),
        (seen) => Object.keys(seen).length >= Math.min(ids.length - 100, before + 40),
        10_000,
        50,
      );
      fleet.kill(kill % WORKERS, "SIGKILL");
    }
    await fleet.finished();
    for (const [at, id] of ids.entries())
      expect(await fleet.lookup.find(id)).toMatchObject({ status: "completed", resultJson: String(at) });
    const repeated = Object.values(await fleet.runs()).reduce((sum, times) => sum + Number(times) - 1, 0);
    const underWay = testSettings.concurrency + Math.max(64, 2 * testSettings.concurrency);
    expect(repeated).toBeLessThanOrEqual(kills * underWay);
  });

  it("of which one is stopped until its entries are claimed, and then continues, count each task once", async () => {
    await using fleet = await Fleet.start();
    const ids = await fleet.submit(Array.from({ length: 400 }, (_, at) => at));
    await eventually(
      () => fleet.runs(),
      (seen) => Object.keys(seen).length >= 50,
      10_000,
      50,
    );
    fleet.kill(0, "SIGSTOP");
    await fleet.finished();
    fleet.kill(0, "SIGCONT");
    const more = await fleet.submit(["after"]);
    await fleet.finished();
    for (const id of [...ids, ...more]) expect(await fleet.lookup.find(id)).toMatchObject({ status: "completed" });
    expect(await fleet.redis.xlen(keys.deadLetters)).toBe(0);
  });

  it("that a task crashes dead-letter it as poison, and run all the others", async () => {
    const payloads = Array.from({ length: 60 }, (_, at) => (at === 30 ? "die" : at));
    await using fleet = await Fleet.start();
    const ids = await fleet.submit(payloads);
    await fleet.finished();
    const { items } = await new DeadLetters(fleet.redis, keys, [TYPE]).list({ limit: 10 });
    expect(items.map(({ taskId, reason }) => [taskId, reason])).toEqual([[ids[30], "poison"]]);
    for (const [at, id] of ids.entries()) {
      expect(await fleet.lookup.find(id)).toMatchObject({ status: at === 30 ? "failed" : "completed" });
    }
  });
});
