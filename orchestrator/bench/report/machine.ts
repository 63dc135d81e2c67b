import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, release, totalmem, type } from "node:os";

/** Machine, software versions and size of a measurement. */
export type Facts = {
  readonly date: string;
  readonly commit: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly redis: string;
  readonly bullmq: string;
  readonly ioredis: string;
  readonly rounds: number;
  readonly tasks: number;
};

export function machine(redis: string, run: { rounds: number; tasks: number }): Facts {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    redis,
    bullmq: versionOf("bullmq"),
    ioredis: versionOf("ioredis"),
    ...run,
  };
}

function versionOf(name: string): string {
  const path =
    createRequire(import.meta.url)
      .resolve.paths(name)
      ?.map((dir) => `${dir}/${name}/package.json`) ?? [];
  for (const candidate of path) {
    try {
      return String(JSON.parse(readFileSync(candidate, "utf8")).version);
    } catch {}
  }
  return "unknown";
}

function commit(): string {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], {
      cwd: import.meta.dirname,
      encoding: "utf8",
    }).trim();
  } catch {
    return "unknown";
  }
}
