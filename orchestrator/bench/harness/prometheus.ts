import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dump, load } from "js-yaml";
import { eventually } from "../../test/support/eventually.ts";
import { freePort } from "../../test/support/redisServer.ts";
import { guard } from "./processes.ts";

const GENERATED = new URL("../../../alerts/generated/", import.meta.url);
const START_LIMIT_MS = 30_000;
const REQUEST_LIMIT_MS = 10_000;

/** A Prometheus with the rules that ship. */
export type Prometheus = AsyncDisposable & {
  readonly pid: number;
  /** Between two evaluations. */
  readonly intervalMs: number;
  /** What it tells about itself: the values of all series of a name. */
  own(name: string): Promise<number[]>;
};

type Config = {
  global: { evaluation_interval: string };
  scrape_configs: unknown[];
  rule_files: string[];
  alerting?: unknown;
};

/**
 * Starts Prometheus with the generated configuration and rules.
 *
 * @param port where the metrics of one replica are served; each replica is that one, by another name
 */
export async function startPrometheus(port: number, replicas: number): Promise<Prometheus> {
  const config = load(readFileSync(new URL("prometheus.yml", GENERATED), "utf8")) as Config;
  config.rule_files = config.rule_files.map((file) => fileURLToPath(new URL(file, GENERATED)));
  config.alerting = undefined;
  const static_configs = Array.from({ length: replicas }, (_, index) => ({
    targets: [`127.0.0.1:${port}`],
    labels: { instance: `replica-${index}` },
  }));
  config.scrape_configs = [{ job_name: "mcp-orchestrator", static_configs }];

  const folder = await mkdtemp(join(tmpdir(), "prometheus-"));
  const file = join(folder, "prometheus.yml");
  await writeFile(file, dump(config, { skipInvalid: true }));
  const address = `127.0.0.1:${await freePort()}`;
  const flags = [`--config.file=${file}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`];
  const child = spawn("prometheus", flags, { stdio: "ignore" });
  const ended = once(child, "exit").catch((error: unknown) => error);
  const { pid } = child;
  if (pid === undefined) {
    await rm(folder, { recursive: true, force: true });
    throw new Error("prometheus cannot be started: is it installed?", { cause: await ended });
  }
  const guarded = guard(pid, folder);
  const server: Prometheus = {
    pid,
    intervalMs: Number.parseFloat(config.global.evaluation_interval) * 1_000,
    async own(name) {
      const text = await (
        await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(REQUEST_LIMIT_MS) })
      ).text();
      return [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))].map(([, value]) => Number(value));
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
      await guarded[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`);
        return await fetch(`http://${address}/-/ready`).then(
          ({ ok }) => ok,
          () => false,
        );
      },
      (ready) => ready,
      START_LIMIT_MS,
    );
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}
