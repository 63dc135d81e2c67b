import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { mkdir, readFile, rmdir } from "node:fs/promises";
import { TestFolder } from "@mcp-orchestrator/e2e/testkit/process/folder";
import { until } from "@mcp-orchestrator/e2e/testkit/until";
import { expect, it, vi } from "vitest";
import { SETTINGS } from "./config/settings.ts";
import { loadConfig } from "./config.ts";
import { ValidationError } from "./errors.ts";
import { createLog, openLogSink, secretsOf } from "./log.ts";

function capture(secrets: readonly string[] = []) {
  const lines: string[] = [];
  return { lines, log: createLog("info", { write: (line) => lines.push(line) }, secrets) };
}

it("writes the level as the word that the runbook searches for", () => {
  const { log, lines } = capture();
  log.error("one");
  log.fatal("two");
  expect(lines.map((line) => JSON.parse(line).level)).toEqual(["ERROR", "CRITICAL"]);
});

it("keeps secrets out of every part of a line", () => {
  const { log, lines } = capture(['p"4ss', "tok-en"]);
  log.error({ err: new Error('redis://u:p"4ss@host'), header: "Bearer tok-en" }, "with tok-en");
  expect(lines.join()).not.toContain('p\\"4ss');
  expect(lines.join()).not.toContain("tok-en");
  expect(() => JSON.parse(lines[0] ?? "")).not.toThrow();
});

/** Not secret: a client sends them to each server. */
const CERTIFICATES = ["REDIS_TLS_CA_FILE", "REDIS_TLS_CERT_FILE"];

it("hides every secret of the configuration, also in its URL-encoded form", () => {
  using folder = new TestFolder("secrets");
  const named = Object.entries(SETTINGS).flatMap(([name, setting]) => ("secret" in setting ? [name] : []));
  const environment: Record<string, string> = {
    REDIS_URL: "rediss://service:in%40url@redis",
    REDIS_SENTINELS: "one:26379",
    REDIS_SENTINEL_NAME: "mcp",
  };
  for (const name of named) {
    environment[name] = `${folder.path}/${name}`;
    writeFileSync(environment[name], `content-of-${name}`);
  }
  const secrets = named.filter((name) => !CERTIFICATES.includes(name)).map((name) => `content-of-${name}`);
  expect(secretsOf(loadConfig(environment)).toSorted()).toEqual([...secrets, "in%40url", "in@url"].toSorted());
});

it("changes its level while running", () => {
  const { log, lines } = capture();
  log.debug("hidden");
  log.level = "debug";
  log.debug("shown");
  expect(lines).toHaveLength(1);
});

it("changes the level of its children and of their children", () => {
  const { log, lines } = capture();
  const child = log.child({ worker: "w" });
  const grandchild = child.child({ type: "ml" });
  log.level = "debug";
  child.debug("one");
  grandchild.debug("two");
  log.level = "warn";
  grandchild.info("hidden");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { msg: "one" },
    { msg: "two", type: "ml", worker: "w" },
  ]);
});

it("writes the name ValidationError, for which the runbook searches", () => {
  const { log, lines } = capture();
  log.warn({ err: new ValidationError("ml", ["symbol: missing"]) }, "Task x failed");
  expect(lines[0]).toMatch(/ValidationError/);
  expect(lines[0]).toMatch(/Invalid ml payload/);
});

it("opens a log file again that could not be written", async () => {
  using folder = new TestFolder("log");
  const file = `${folder.data("logs")}/service.log`;
  const problems = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  let nowMs = 0;
  await mkdir(file);
  const sink = openLogSink(
    { level: "info", file, fileMaxBytes: 1_000_000, filesKept: 1 },
    { monotonicMs: () => nowMs },
  );
  sink.write("lost\n");
  await until("a problem", { timeoutMs: 5_000 }, () =>
    expect(problems).toHaveBeenCalledWith(expect.stringContaining(file)),
  );
  await rmdir(file);
  sink.write("too early\n");
  nowMs = 10_000;
  sink.write("kept\n");
  await sink.close();
  expect(await readFile(file, "utf8")).toBe("kept\n");
  expect(problems).toHaveBeenCalledOnce();
  problems.mockRestore();
});

it.each(["stdout", "stderr"] as const)(
  "lets a process continue after the reader of its %s has ended",
  async (output) => {
    const code = `await import("${new URL("./log.ts", import.meta.url)}");
    process.${output}.write("x", () => setImmediate(() => process.exit(7)));`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", code]);
    child[output].destroy();
    expect(await once(child, "exit")).toEqual([7, null]);
  },
);
