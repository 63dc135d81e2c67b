import { mkdtempDisposableSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { SETTINGS } from "./config/settings.ts";
import { renderSettings } from "./config/table.ts";
import { loadConfig } from "./config.ts";
import { ConfigError } from "./errors.ts";
import { equalJitterMs } from "./jitter.ts";

const { path: directory, remove } = mkdtempDisposableSync(join(tmpdir(), "config-"));
afterAll(remove);

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
  it("accepts an empty environment, so the defaults are consistent", () => {
    expect(loadConfig({})).toMatchObject({
      http: {
        host: "127.0.0.1",
        port: 8000,
        adminToken: undefined,
        adminWithoutToken: false,
        allowedHosts: "loopback",
      },
      workers: { perType: 2, concurrency: 16 },
      redis: { url: "redis://127.0.0.1:6379", connectTimeoutMs: 5000 },
    });
  });

  it("has defaults whose attempts outlive an outage of a minute and a half, and end within three", () => {
    const { maxAttempts, retryBaseMs, retryCapMs } = loadConfig({}).tasks;
    const pausesMs = (random: number) =>
      Array.from({ length: maxAttempts - 1 }, (_, at) => equalJitterMs(at + 1, retryBaseMs, retryCapMs, () => random));
    const allMs = (random: number) => pausesMs(random).reduce((sum, ms) => sum + ms);
    expect(allMs(0)).toBeGreaterThanOrEqual(90_000);
    expect(allMs(1)).toBeLessThanOrEqual(185_000);
  });

  it.each([
    [{}, "loopback"],
    [{ HOST: "::1" }, "loopback"],
    [{ HOST: "0.0.0.0" }, "any"],
    [{ HOST: "0.0.0.0", ALLOWED_HOSTS: "tasks.example, 10.0.0.1" }, ["tasks.example", "10.0.0.1"]],
    [{ ALLOWED_HOSTS: "*" }, "any"],
  ])("with %j allows the host names %j", (environment, allowed) => {
    expect(loadConfig(environment).http.allowedHosts).toEqual(allowed);
  });

  it("rejects a breaker that no share of failures could open", () => {
    const problems = problemsOf({ UPSTREAM_BREAKER_FAILURE_RATIO: "1" });
    expect(problems).toEqual(['UPSTREAM_BREAKER_FAILURE_RATIO: must be at most 0.99, not "1"']);
  });

  it("treats an empty variable as not set", () => {
    expect(loadConfig({ PORT: "", INSTANCE_ID: "" })).toEqual(loadConfig({}));
  });

  it.each([
    ["of the wrong kind", "http://user:s3cret@redis"],
    ["that is malformed", "redis//user:s3cret@redis"],
    ["with an invalid escape sequence", "redis://user:s3cret%@redis"],
    ["with a user that cannot be decoded", "redis://%user:s3cret@redis"],
  ])("does not print the password of a Redis URL %s", (_, url) => {
    const problems = problemsOf({ REDIS_URL: url });
    expect(problems).toEqual([expect.stringMatching(/^REDIS_URL: /)]);
    expect(problems.join()).not.toContain("s3cret");
  });

  it("explains how to write a % in the password of the Redis URL", () => {
    expect(problemsOf({ REDIS_URL: "redis://user:50%@redis" })).toEqual([
      "REDIS_URL: has a % in its user or password that does not start an escape sequence: write it as %25",
    ]);
    expect(problemsOf({ REDIS_URL: "redis://user:50%25@redis" })).toEqual([]);
  });

  it("reads certificates and the password of the Sentinels from files", () => {
    const file = (name: string) => {
      writeFileSync(join(directory, name), `content of ${name}\n`);
      return join(directory, name);
    };
    const { redis } = loadConfig({
      REDIS_URL: "rediss://redis",
      REDIS_SENTINELS: "one:26379",
      REDIS_SENTINEL_NAME: "mcp",
      REDIS_SENTINEL_USERNAME: "watcher",
      REDIS_SENTINEL_PASSWORD_FILE: file("sentinel"),
      REDIS_TLS_CA_FILE: file("ca"),
      REDIS_TLS_CERT_FILE: file("cert"),
      REDIS_TLS_KEY_FILE: file("key"),
      REDIS_TLS_SERVER_NAME: "redis.example",
    });
    expect(redis).toMatchObject({
      sentinelUsername: "watcher",
      sentinelPassword: "content of sentinel",
      tls: { ca: "content of ca", cert: "content of cert", key: "content of key", servername: "redis.example" },
    });
  });

  it.each([
    [{ REDIS_TLS_CA_FILE: "x" }, "REDIS_TLS_CA_FILE needs a REDIS_URL that starts with rediss://"],
    [{ REDIS_TLS_SERVER_NAME: "x" }, "REDIS_TLS_SERVER_NAME needs a REDIS_URL that starts with rediss://"],
    [
      { REDIS_URL: "rediss://redis", REDIS_TLS_CERT_FILE: "x" },
      "REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE belong together: set both or neither",
    ],
    [{ REDIS_SENTINEL_USERNAME: "x" }, "REDIS_SENTINEL_USERNAME needs REDIS_SENTINELS"],
    [{ REDIS_SENTINEL_PASSWORD_FILE: "x" }, "REDIS_SENTINEL_PASSWORD_FILE needs REDIS_SENTINELS"],
  ])("rejects %j", (given, problem) => {
    const files = Object.entries(given).map(([name, value]) => {
      if (!name.endsWith("_FILE")) return [name, value];
      writeFileSync(join(directory, "some"), "some");
      return [name, join(directory, "some")];
    });
    expect(problemsOf(Object.fromEntries(files))).toContain(problem);
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

  it("lists contradictions of valid settings beside invalid settings", () => {
    const given = { PORT: "70000", WORKER_CONCURENCY: "4", RETRY_BASE_MS: "61000", BLOCK_MS: "59000" };
    expect(problemsOf({ ...given, REDIS_SENTINELS: "a", REDIS_SENTINEL_NAME: "mcp" })).toEqual([
      expect.stringMatching(/^WORKER_CONCURENCY: no such setting/),
      expect.stringMatching(/^PORT: must be at most/),
      expect.stringMatching(/^REDIS_SENTINELS: must be a list/),
      expect.stringMatching(/^ORPHAN_MIN_IDLE_MS \(60000\) must exceed BLOCK_MS/),
      "RETRY_CAP_MS must not be less than RETRY_BASE_MS",
    ]);
  });

  it.each(["WORKER_CONCURENCY", "WORKER_CONCURRRENCYS", "WORKER_CUNCURRENSY", "WROKER_CONCURRENCY"])(
    "rejects the typo %s and suggests the correct name",
    (typo) => {
      expect(problemsOf({ [typo]: "4" })).toEqual([`${typo}: no such setting; did you mean WORKER_CONCURRENCY?`]);
    },
  );

  it("ignores the rest of the environment", () => {
    const others = {
      HOME: "/root",
      PATH: "/bin",
      REDIS_SERVICE_HOST: "10.0.0.1",
      HOSTNAME: "x",
      WORKERCONCURENCI: "4",
    };
    expect(problemsOf({ ...others, WORKER_COUNCURRENCIES: "4" })).toEqual([]);
  });

  it("reads secrets from files, without the newline at their end", () => {
    const file = join(directory, "token");
    writeFileSync(file, "s3cret\n");
    expect(loadConfig({ ADMIN_TOKEN_FILE: file }).http.adminToken).toBe("s3cret");
  });

  it("rejects an empty secret", () => {
    const file = join(directory, "empty");
    writeFileSync(file, "\n");
    expect(problemsOf({ ADMIN_TOKEN_FILE: file })).toEqual([`ADMIN_TOKEN_FILE: ${file} is empty`]);
  });

  it.each(["ADMIN_TOKEN_FILE", "CHAT_API_KEY_FILE"])("rejects what no bearer token can contain: %s", (name) => {
    const file = join(directory, "spaces");
    writeFileSync(file, "two words\n");
    expect(problemsOf({ [name]: file })).toEqual([
      `${name}: ${file} has a space or a line break inside, which a bearer token cannot have`,
    ]);
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
  ])("rejects settings that contradict each other: %j", (environment, mentioned) => {
    const problems = problemsOf(environment as unknown as Record<string, string>);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(mentioned);
  });

  it("throws only a ConfigError, for any values", () => {
    const names = Object.keys(SETTINGS);
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string()), (environment) => {
        for (const problem of problemsOf(environment)) expect(problem).toMatch(/^[A-Z_]+/);
      }),
    );
  });
});

it("every variable that ends in _FILE, except LOG_FILE, is read as a file", () => {
  const read = Object.entries(SETTINGS).filter(([, setting]) => "secret" in setting);
  const named = Object.keys(SETTINGS).filter((name) => name.endsWith("_FILE") && name !== "LOG_FILE");
  expect(read.map(([name]) => name)).toEqual(named);
});

it("docs/reference/configuration.md is generated from the settings", () => {
  const path = new URL("../../docs/reference/configuration.md", import.meta.url);
  expect(readFileSync(path, "utf8"), "run: npm run generate -w orchestrator").toBe(renderSettings());
});
