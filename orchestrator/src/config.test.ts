import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SETTINGS } from "./config/settings.ts";
import { renderSettings } from "./config/table.ts";
import { loadConfig } from "./config.ts";
import { ConfigError } from "./errors.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "config-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("loadConfig", () => {
  it("accepts an empty environment: the defaults are consistent", () => {
    expect(loadConfig({})).toMatchObject({
      http: { host: "127.0.0.1", port: 8000, adminToken: undefined },
      workers: { perType: 2, concurrency: 16 },
      redis: { url: "redis://127.0.0.1:6379", connectTimeoutMs: 5000 },
    });
  });

  it("takes an empty variable as one that is not set", () => {
    expect(loadConfig({ PORT: "", INSTANCE_ID: "" })).toEqual(loadConfig({}));
  });

  it("lists every problem at once", () => {
    const problems = problemsOf({
      PORT: "70000",
      WORKER_CONCURRENCY: "1",
      LOG_LEVEL: "loud",
      REDIS_URL: "http://redis",
      ADMIN_TOKEN_FILE: join(directory, "missing"),
      TASK_OVERRIDES: '{"ml":{"timeout":1}}',
      REDIS_SENTINELS: "one:26379,two",
    });
    expect(problems.map((problem) => /^[A-Z_]+/.exec(problem)?.[0]).toSorted()).toEqual([
      "ADMIN_TOKEN_FILE",
      "LOG_LEVEL",
      "PORT",
      "REDIS_SENTINELS",
      "REDIS_URL",
      "TASK_OVERRIDES",
      "WORKER_CONCURRENCY",
    ]);
  });

  it("refuses a slip of a known name and names what was meant", () => {
    expect(problemsOf({ WORKER_CONCURENCY: "4" })).toEqual([
      "WORKER_CONCURENCY: no such setting; did you mean WORKER_CONCURRENCY?",
    ]);
  });

  it("leaves the rest of the environment alone", () => {
    expect(problemsOf({ HOME: "/root", PATH: "/bin", REDIS_SERVICE_HOST: "10.0.0.1", HOSTNAME: "x" })).toEqual([]);
  });

  it("reads secrets from files, without the newline at their end", () => {
    const file = join(directory, "token");
    writeFileSync(file, "s3cret\n");
    expect(loadConfig({ ADMIN_TOKEN_FILE: file }).http.adminToken).toBe("s3cret");
  });

  it("refuses an empty secret", () => {
    const file = join(directory, "empty");
    writeFileSync(file, "\n");
    expect(problemsOf({ ADMIN_TOKEN_FILE: file })).toEqual([`ADMIN_TOKEN_FILE: ${file} is empty`]);
  });

  it.each([
    [{ ORPHAN_MIN_IDLE_MS: "20000" }, "ORPHAN_MIN_IDLE_MS"],
    [{ BLOCK_MS: "59000" }, "ORPHAN_MIN_IDLE_MS"],
    [{ TASK_TIMEOUT_MS: "60000" }, "WORKER_UNRESPONSIVE_MS"],
    [{ TASK_OVERRIDES: '{"ml":{"timeoutMs":60000}}' }, "WORKER_UNRESPONSIVE_MS"],
    [{ HEARTBEAT_INTERVAL_MS: "15000" }, "WORKER_UNRESPONSIVE_MS"],
    [{ WORKER_RESTART_MIN_MS: "6000" }, "WORKER_RESTART_MAX_MS"],
    [{ RETRY_BASE_MS: "61000" }, "RETRY_CAP_MS"],
    [{ AUTOSCALE_MAX_WORKERS: "1" }, "AUTOSCALE_MAX_WORKERS"],
    [{ REDIS_SENTINELS: "a:1" }, "REDIS_SENTINEL_NAME"],
    [{ REDIS_CLUSTER_NODES: "a:1" }, "KEY_PREFIX"],
    [{ REDIS_CLUSTER_NODES: "a:1", KEY_PREFIX: "{mcp}", REDIS_SENTINELS: "a:1", REDIS_SENTINEL_NAME: "m" }, "exclude"],
  ])("refuses settings that contradict each other: %j", (environment, mentioned) => {
    const problems = problemsOf(environment as unknown as Record<string, string>);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(mentioned);
  });

  it("never throws anything but a ConfigError, whatever the values", () => {
    const names = Object.keys(SETTINGS);
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string()), (environment) => {
        for (const problem of problemsOf(environment)) expect(problem).toMatch(/^[A-Z_]+/);
      }),
    );
  });
});

it("docs/configuration.md is what the settings render to", () => {
  const path = new URL("../../docs/configuration.md", import.meta.url);
  expect(readFileSync(path, "utf8"), "run: npm run generate -w orchestrator").toBe(renderSettings());
});
