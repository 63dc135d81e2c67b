import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { MemoryService } from "../api/testing/memoryPorts.ts";
import { RejectedError } from "../errors.ts";
import { commandReference } from "./reference.ts";
import { run } from "./run.ts";

const TOKEN = "secret-token";
let service: MemoryService;
let server: FastifyInstance;
let url: string;
let directory: string;
beforeEach(async () => {
  service = new MemoryService();
  server = service.server({ adminToken: TOKEN });
  url = await server.listen({ port: 0, host: "127.0.0.1" });
  directory = await mkdtemp(join(tmpdir(), "cli-"));
  await writeFile(join(directory, "token"), `${TOKEN}\n`);
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

type Options = { terminal?: boolean; input?: string; tokenFile?: boolean; readings?: number };

async function cli(
  args: readonly string[],
  { terminal = false, input = "", tokenFile = true, readings = 1 }: Options = {},
) {
  const written = { out: "", err: "" };
  const pauses: number[] = [];
  const io = {
    out: (text: string) => {
      written.out += text;
    },
    err: (text: string) => {
      written.err += text;
    },
    readInput: async () => input,
    terminal,
    pause: async (durationMs: number) => {
      pauses.push(durationMs);
      if (pauses.length === readings) throw new Error("interrupted");
    },
  };
  const code = await run(["--url", url, ...(tokenFile ? ["--token-file", join(directory, "token")] : []), ...args], io);
  return { code, pauses, ...written };
}

test("queues can be watched at an interval in seconds", async () => {
  const { out, pauses } = await cli(["queues", "--watch", "5"], { readings: 3 });
  expect(pauses).toEqual([5_000, 5_000, 5_000]);
  expect(out.match(/type\tlane\tdepth/g)).toHaveLength(3);
  expect((await cli(["workers", "--watch"])).pauses).toEqual([2_000]);
  expect((await cli(["queues", "--watch", "0"])).code).toBe(2);
});

test("status without a task is that of the service, with the name of its Redis server", async () => {
  const { code, out } = await cli(["status"]);
  expect(code).toBe(0);
  expect(out).toMatch(/^server\tvalkey \d+\.\d+/m);
  expect(out).toMatch(/^workers\t\d+ of \d+ /m);
  expect(out).toMatch(/^changed_by_operators\tnothing/m);
});

test.each(["bash", "zsh", "fish"])("%s completes commands and options", async (shell) => {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  expect((await cli(["completion", shell])).code).toBe(0);
  expect(log.mock.calls.join("\n")).toContain("mcp-orchestrator complete --");
  log.mockClear();
  expect((await cli(["complete", "--", "dlq", ""])).code).toBe(0);
  expect(log.mock.calls.join("\n")).toMatch(/retry-all[\s\S]*discard-all/);
});

test("submit sends the payload exactly as written", async () => {
  const payload = '{"big": 12345678901234567890, "__proto__": 1}';
  const { code, out } = await cli(["submit", "free", payload, "-p", "12", "--id", "mine", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ task_id: "mine", lane: "express", status: "queued" });
  expect(service.submitted).toEqual([{ type: "free", priority: 12, taskId: "mine", payloadJson: payload }]);
});

test("the payload may come from a file or from standard input", async () => {
  await writeFile(join(directory, "payload.json"), "[1, 2]");
  expect((await cli(["submit", "free", "--file", join(directory, "payload.json")])).code).toBe(0);
  expect((await cli(["submit", "free", "--delay", "500"], { input: '"from stdin"' })).code).toBe(0);
  expect(service.submitted).toMatchObject([{ payloadJson: "[1, 2]" }, { payloadJson: '"from stdin"', delayMs: 500 }]);
});

const ended = (status: "completed" | "failed") =>
  ({
    taskId: "mine",
    type: "free",
    lane: "regular",
    status,
    attempts: 1,
    enqueuedAtMs: 1,
    resultJson: '{"a":1}',
  }) as const;

test("submit --wait shows the result, and fails if the task failed", async () => {
  service.views.set("mine", ended("completed"));
  const done = await cli(["submit", "free", "1", "--id", "mine", "--wait", "5", "--json"]);
  expect(done.code).toBe(0);
  expect(JSON.parse(done.out)).toMatchObject({ status: "completed", result: { a: 1 } });
  service.views.set("mine", ended("failed"));
  expect((await cli(["status", "mine", "--wait", "5"])).code).toBe(1);
});

test("write-off writes off unaccounted tasks, and fails for a wrong number", async () => {
  service.unaccounted = -2;
  const refused = await cli(["write-off", "free", "regular", "2"]);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("has -2 unaccounted tasks");
  expect((await cli(["write-off", "free", "regular", "-2"])).code).toBe(0);
  expect(service.unaccounted).toBe(0);
});

test.for([
  ["no such command", ["dance"]],
  ["an unknown option", ["workers", "--loud"]],
  ["a missing argument", ["scale", "free"]],
  ["a malformed count", ["scale", "free", "many"]],
  ["a share of nothing", ["scale", "free", "/0"]],
  ["an unknown lane", ["write-off", "free", "slow", "1"]],
  ["a number that is not whole", ["write-off", "free", "regular", "1.5"]],
  ["a payload that is not JSON", ["submit", "free", "{"]],
  ["an empty standard input", ["submit", "free"]],
  ["a missing file", ["submit", "free", "--file", "/nonexistent"]],
  ["a malformed address", ["--url", "nowhere", "workers"]],
  ["a missing token file", ["--token-file", "/nonexistent", "workers"]],
] as const)("%s is a usage error: exit code 2 and nothing submitted", async ([, args]) => {
  const { code, err } = await cli([...args]);
  expect(code).toBe(2);
  expect(err).not.toBe("");
  expect(service.submitted).toEqual([]);
});

test("a rejection names the fields and exits with 1", async () => {
  const { code, err } = await cli(["submit", "reasoning", '{"prompt":1}']);
  expect(code).toBe(1);
  expect(err).toContain("payload.prompt");
});

test("a missing task, dead letter or type exits with 3", async () => {
  for (const args of [
    ["status", "none"],
    ["explain", "none"],
    ["dlq", "show", "1-0"],
    ["pause", "nope"],
    ["scale", "nope", "+1"],
  ]) {
    expect((await cli(args)).code, args.join(" ")).toBe(3);
  }
});

test("an unreachable service, or a request to retry later, exits with 4", async () => {
  service.refusal = new RejectedError("rate_limit", "free", "The rate limit is reached.", 2);
  const refused = await cli(["submit", "free", "1"]);
  expect(refused.code).toBe(4);
  expect(refused.err).toContain("Try again in 2 s.");
  const away = await cli(["--url", "http://127.0.0.1:1", "workers"]);
  expect(away.code).toBe(4);
  expect(away.err).toContain("cannot be reached");
});

test("a wrong token exits with 1", async () => {
  await writeFile(join(directory, "token"), "wrong");
  const { code, err } = await cli(["rate-limit", "enable"]);
  expect(code).toBe(1);
  expect(err).toContain("UNAUTHORIZED");
});

test("the runtime switches can be set", async () => {
  for (const args of [
    ["rate-limit", "enable", "--per-second", "2.5"],
    ["express-bypass", "enable"],
    ["scale", "free", "7"],
    ["pause", "free"],
    ["log-level", "debug"],
  ]) {
    expect((await cli(args)).code, args.join(" ")).toBe(0);
  }
  expect(service.rateLimit).toEqual({ enabled: true, perSecond: 2.5 });
  expect(service.expressBypass).toBe(true);
  expect(service.wanted.get("free")).toBe(7);
  expect([...service.paused]).toEqual(["free"]);
  expect(service.level).toBe("debug");
  expect((await cli(["rate-limit"])).out).toContain("per_second\t2.5");
  await cli(["resume", "free"]);
  expect([...service.paused]).toEqual([]);
});

test.for([
  [3, "+2", 5],
  [3, "-2", 1],
  [3, "-9", 1],
  [3, "x4", 12],
  [8, "/4", 2],
  [7, "/4", 1],
  [0, "x4", 1],
  [0, "0", 0],
] as const)("with %i workers of a type, scale by %s asks for %i", async ([now, change, wanted]) => {
  service.wanted.set("free", now);
  expect(await cli(["scale", "free", change])).toMatchObject({
    code: 0,
    out: expect.stringContaining(`count\t${wanted}`),
  });
  expect(service.wanted.get("free")).toBe(wanted);
});

test("most is the number of the type that has the most workers", async () => {
  service.wanted.set("free", 0);
  service.wanted.set("reasoning", 6);
  await cli(["scale", "free", "most"]);
  expect(service.wanted.get("free")).toBe(6);
  for (const type of ["free", "reasoning"]) await cli(["scale", type, "0"]);
  await cli(["scale", "free", "most"]);
  expect(service.wanted.get("free")).toBe(1);
});

test("dead letters are listed, retried by filter and discarded", async () => {
  for (const id of ["1-0", "2-0", "3-0"]) {
    service.deadLetters.set(id, {
      id,
      taskId: `task-${id}`,
      type: "free",
      lane: "regular",
      reason: id === "3-0" ? "timeout" : "upstream",
      error: "line one\nline two",
      attempts: 3,
      priority: 5,
      payloadJson: "1",
      stream: "mcp:queue:free",
      entryId: id,
      failedAtMs: 1,
      history: [],
    });
  }
  const listed = (await cli(["dlq", "list", "--reason", "upstream"])).out;
  expect(listed.split("\n")).toHaveLength(4);
  expect(listed).toContain("1-0\ttask-1-0\tfree\tregular\tupstream\t3\tline one line two");
  expect((await cli(["dlq", "retry", "1-0", "--json"])).out).toContain('"retried": 1');
  expect((await cli(["dlq", "retry-all", "--reason", "upstream", "--json"])).out).toContain('"retried": 1');
  expect((await cli(["dlq", "discard", "3-0"])).out).toBe("discarded\t3-0\n");
  expect(service.deadLetters.size).toBe(0);
});

test("only a terminal gets tables and colours", async () => {
  const ESCAPE = "\u001b[";
  const plain = (await cli(["workers"])).out;
  expect(plain).not.toContain(ESCAPE);
  expect(plain.split("\n")[0]).toBe("worker\tstate\tactive\tpid\tin_flight\trestarts\tpaused");
  const table = (await cli(["workers"], { terminal: true })).out;
  expect(table).toContain(ESCAPE);
  expect(stripVTControlCharacters(table)).toMatch(/│ active +│/);
  expect((await cli(["workers", "--json"], { terminal: true })).out).not.toContain(ESCAPE);
});

test("workers by type are those that are active, of how many, with each reason for a pause", async () => {
  const [worker] = service.ports.supervisor.status();
  const workers = ["", "circuit breaker of chat", "paused by an operator"].map((paused) => ({ ...worker, paused }));
  Object.assign(service.ports.supervisor, { status: () => workers });
  expect((await cli(["workers", "--by-type"])).out).toBe(
    "type\tworkers\tpaused\nreasoning\t3 of 2\tcircuit breaker of chat, paused by an operator\nfree\t0 of 2\t-\n",
  );
});

test("retry-all and discard-all require a filter or --all", async () => {
  for (const command of ["retry-all", "discard-all"]) {
    expect((await cli(["dlq", command])).code, command).toBe(2);
    expect((await cli(["dlq", command, "--all", "--type", "free"])).code, command).toBe(2);
    expect((await cli(["dlq", command, "--all", "--json"])).code, command).toBe(0);
  }
  expect((await cli(["dlq", "discard-all", "--reason", "upstream", "--json"])).out).toContain('"discarded": 0');
});

test("the version goes to standard output and exits with 0", async () => {
  expect(await cli(["--version"])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: "" });
});

test("help goes to standard output and exits with 0", async () => {
  const { code, out } = await cli(["submit", "--help"]);
  expect(code).toBe(0);
  expect(out).toContain("--priority");
});

test("request sends the token to any endpoint and prints the answer unchanged", async () => {
  const { code, out } = await cli(["request", "POST", "/api/v1/admin/rate-limit/enable", '{"per_second": 5}']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ enabled: true, per_second: 5 });
});

test("a rejected request prints the problem and fails", async () => {
  const { code, out, err } = await cli(["request", "GET", "/api/v1/nothing"]);
  expect(code).toBe(3);
  expect(JSON.parse(out)).toMatchObject({ status: 404 });
  expect(err).toBe("The service answered 404.\n");
  expect((await cli(["request", "POST", "/api/v1/queues", "{"])).code).toBe(2);
});

test("the token may come from the environment, and a token file takes precedence", async () => {
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  expect((await cli(["log-level"], { tokenFile: false })).code).toBe(1);
  vi.stubEnv("MCP_ORCHESTRATOR_TOKEN", TOKEN);
  expect((await cli(["log-level"], { tokenFile: false })).code).toBe(0);
  vi.stubEnv("MCP_ORCHESTRATOR_TOKEN", "wrong");
  expect((await cli(["log-level"])).code).toBe(0);
  vi.stubEnv("MCP_ORCHESTRATOR_TOKEN", "secret\ntoken");
  const odd = await cli(["log-level"], { tokenFile: false });
  expect(odd).toMatchObject({ code: 2, err: "The admin token must be one word of ASCII characters.\n" });
  expect(await cli(["--token", "secret", "log-level"])).toMatchObject({ code: 2 });
});

test("docs/reference/cli.md is generated from the commands", async () => {
  const written = await readFile(new URL("../../../docs/reference/cli.md", import.meta.url), "utf8");
  expect(written, "run `npm run generate`").toBe(commandReference());
});
