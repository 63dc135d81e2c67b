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

type Options = { terminal?: boolean; input?: string; tokenFile?: boolean };

async function cli(args: readonly string[], { terminal = false, input = "", tokenFile = true }: Options = {}) {
  const written = { out: "", err: "" };
  const io = {
    out: (text: string) => {
      written.out += text;
    },
    err: (text: string) => {
      written.err += text;
    },
    readInput: async () => input,
    terminal,
  };
  const code = await run(["--url", url, ...(tokenFile ? ["--token-file", join(directory, "token")] : []), ...args], io);
  return { code, ...written };
}

test("submit passes the payload on exactly as written", async () => {
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

test("submit --wait shows the result, and fails when the task did", async () => {
  service.views.set("mine", ended("completed"));
  const done = await cli(["submit", "free", "1", "--id", "mine", "--wait", "5", "--json"]);
  expect(done.code).toBe(0);
  expect(JSON.parse(done.out)).toMatchObject({ status: "completed", result: { a: 1 } });
  service.views.set("mine", ended("failed"));
  expect((await cli(["status", "mine", "--wait", "5"])).code).toBe(1);
});

test("what is unaccounted for is written off, and a wrong number is refused", async () => {
  service.unaccounted = -2;
  const refused = await cli(["write-off", "free", "regular", "2"]);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("misses -2 tasks");
  expect((await cli(["write-off", "free", "regular", "-2"])).code).toBe(0);
  expect(service.unaccounted).toBe(0);
});

test.for([
  ["no such command", ["dance"]],
  ["an unknown option", ["workers", "--loud"]],
  ["a missing argument", ["scale", "free"]],
  ["a count that is none", ["scale", "free", "many"]],
  ["a lane that is none", ["write-off", "free", "slow", "1"]],
  ["a number that is not whole", ["write-off", "free", "regular", "1.5"]],
  ["a payload that is not JSON", ["submit", "free", "{"]],
  ["an empty standard input", ["submit", "free"]],
  ["a file that is not there", ["submit", "free", "--file", "/nonexistent"]],
  ["an address that is none", ["--url", "nowhere", "workers"]],
  ["a token file that is not there", ["--token-file", "/nonexistent", "workers"]],
] as const)("%s is a usage error: exit code 2 and nothing submitted", async ([, args]) => {
  const { code, err } = await cli([...args]);
  expect(code).toBe(2);
  expect(err).not.toBe("");
  expect(service.submitted).toEqual([]);
});

test("a refusal names the fields and exits with 1", async () => {
  const { code, err } = await cli(["submit", "reasoning", '{"prompt":1}']);
  expect(code).toBe(1);
  expect(err).toContain("payload.prompt");
});

test("what is not there exits with 3", async () => {
  for (const args of [
    ["status", "none"],
    ["explain", "none"],
    ["dlq", "show", "1-0"],
    ["pause", "nope"],
  ]) {
    expect((await cli(args)).code, args.join(" ")).toBe(3);
  }
});

test("a service that is away or says 'later' exits with 4", async () => {
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

test("the switches are turned", async () => {
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

test("nothing is retried or discarded as a whole without a filter or --all", async () => {
  for (const command of ["retry-all", "discard-all"]) {
    expect((await cli(["dlq", command])).code, command).toBe(2);
    expect((await cli(["dlq", command, "--all", "--type", "free"])).code, command).toBe(2);
    expect((await cli(["dlq", command, "--all", "--json"])).code, command).toBe(0);
  }
  expect((await cli(["dlq", "discard-all", "--reason", "upstream", "--json"])).out).toContain('"discarded": 0');
});

test("the version goes to standard output and exits with 0", async () => {
  expect(await cli(["--version"])).toEqual({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: "" });
});

test("help goes to standard output and exits with 0", async () => {
  const { code, out } = await cli(["submit", "--help"]);
  expect(code).toBe(0);
  expect(out).toContain("--priority");
});

test("a request goes to any endpoint with the token, and its answer is printed as it is", async () => {
  const { code, out } = await cli(["request", "POST", "/api/v1/admin/rate-limit/enable", '{"per_second": 5}']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ enabled: true, per_second: 5 });
});

test("a request that is refused prints the problem and fails", async () => {
  const { code, out, err } = await cli(["request", "GET", "/api/v1/nothing"]);
  expect(code).toBe(3);
  expect(JSON.parse(out)).toMatchObject({ status: 404 });
  expect(err).toBe("The service answered 404.\n");
  expect((await cli(["request", "POST", "/api/v1/queues", "{"])).code).toBe(2);
});

test("the token may come from the environment, and a file goes before it", async () => {
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
  expect(odd).toMatchObject({ code: 2, err: "The admin token must be one word of plain ASCII.\n" });
  expect(await cli(["--token", "secret", "log-level"])).toMatchObject({ code: 2 });
});

test("docs/cli.md is generated from the commands", async () => {
  const written = await readFile(new URL("../../../docs/cli.md", import.meta.url), "utf8");
  expect(written, "run `npm run generate`").toBe(commandReference());
});
