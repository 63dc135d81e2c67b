import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { eventually } from "@mcp-orchestrator/e2e/testkit/until";
import { afterEach, describe, expect, it } from "vitest";
import { createLog } from "../../src/log.ts";
import type { ProcessEnd } from "../../src/supervisor/crash.ts";
import type { FromWorker } from "../../src/supervisor/protocol.ts";
import { WorkerProcess } from "../../src/supervisor/workerProcess.ts";
import { exists } from "../support/service.ts";

const { ENOENT } = constants.errno;
const running: WorkerProcess[] = [];
afterEach(() => {
  for (const worker of running.splice(0)) worker.kill();
});

/** Starts a process of the fixture and collects its messages and output. */
function launch(does: string) {
  const messages: FromWorker[] = [];
  const log: { level: string; msg: string; worker?: string }[] = [];
  const lines: string[] = [];
  const ends: ProcessEnd[] = [];
  const ended = Promise.withResolvers<ProcessEnd>();
  const worker = new WorkerProcess({
    script: new URL("./fixtures/scripted.ts", import.meta.url),
    type: does,
    index: 3,
    memoryLimitBytes: 200 * 1024 ** 2,
    log: createLog("info", { write: (line) => void log.push(JSON.parse(line)) }),
    sink: { write: (line) => void lines.push(line) },
    onMessage: (message) => void messages.push(message),
    onEnd: (end) => {
      ends.push(end);
      ended.resolve(end);
    },
  });
  running.push(worker);
  const said = (msg: string) => log.filter((line) => line.msg.includes(msg));
  /** Waits for its first message, which is invalid and therefore logged: then the process runs. */
  const started = () =>
    eventually(
      () => said("invalid message").length,
      (count) => count > 0,
    );
  return { worker, messages, log, lines, ends, ended: ended.promise, said, started };
}

describe("a worker process", () => {
  it("has its messages forwarded; an invalid one is logged and dropped", async () => {
    const { messages, said, worker } = launch("sends");
    await eventually(
      () => said("invalid message").length,
      (count) => count === 2,
    );
    expect(messages).toEqual([{ kind: "delayed", delayMs: 7 }]);
    expect(said("invalid message")[0]).toMatchObject({
      level: "WARN",
      worker: "express_pool:sends:3",
      msg: "Worker express_pool:sends:3 sent an invalid message",
    });
    worker.kill();
  });

  it("receives messages; sending after its end does no harm", async () => {
    const { worker, messages, started, ended } = launch("echoes");
    await started();
    worker.send({ kind: "drain", timeoutMs: 11 });
    await eventually(
      () => messages,
      ([first]) => first !== undefined,
    );
    expect(messages).toEqual([{ kind: "delayed", delayMs: 11 }]);
    worker.kill();
    await ended;
    worker.send({ kind: "recover" });
  });

  it("has its log lines forwarded unchanged, and other output logged under its name", async () => {
    const { ended, lines, said } = launch("writes");
    expect(await ended).toEqual({ code: 4, signal: null, killedFor: undefined, heapExhausted: false });
    expect(lines).toEqual(['{"msg":"a line of the log"}\n']);
    expect(said("plain words")).toMatchObject([{ level: "INFO", worker: "express_pool:writes:3" }]);
    expect(said("to standard error")).toMatchObject([{ level: "WARN", worker: "express_pool:writes:3" }]);
  });

  it("has long lines cut, so that they do not fill the memory, and its last one logged without a line end", async () => {
    const { ended, log, said } = launch("pours");
    expect(await ended).toMatchObject({ code: 0 });
    const lines = log.filter(({ level }) => level === "INFO").map(({ msg }) => msg);
    expect(lines.slice(0, 2)).toEqual(["first", ""]);
    expect(lines.slice(2).join("")).toBe("x".repeat(3 * 1024 ** 2 - 2));
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) expect(line.length).toBeLessThan(1.5 * 1024 ** 2);
    expect(said("last")).toMatchObject([{ level: "WARN", msg: "last" }]);
  });

  it("is reported as out of heap after the message of V8", async () => {
    expect(await launch("heap").ended).toMatchObject({ code: null, signal: "SIGABRT", heapExhausted: true });
  });

  it("ends once by SIGKILL, with the first reason that was given", async () => {
    const { worker, started, ended, ends } = launch("waits");
    await started();
    expect(worker.pid).toBeGreaterThan(0);
    expect(exists(worker.pid ?? 0)).toBe(true);
    worker.kill("oom");
    worker.kill("unresponsive");
    expect(await ended).toEqual({ code: null, signal: "SIGKILL", killedFor: "oom", heapExhausted: false });
    expect(exists(worker.pid ?? 0)).toBe(false);
    expect(ends).toHaveLength(1);
  });

  it("ends although a process that it has started keeps its output open", async () => {
    const { ended, said } = launch("leaves");
    const left = async () =>
      Number(
        (
          await eventually(
            () => said("left"),
            ([line]) => line !== undefined,
          )
        )[0]?.msg.slice(5),
      );
    try {
      expect(await ended).toEqual({ code: null, signal: "SIGKILL", killedFor: undefined, heapExhausted: false });
      expect(exists(await left())).toBe(true);
    } finally {
      process.kill(await left());
    }
  });

  it("has its name as title, and three quarters of its memory as heap", async () => {
    const { worker, lines } = launch("describes");
    const [line = ""] = await eventually(
      () => lines,
      ({ length }) => length === 1,
    );
    expect(JSON.parse(line)).toEqual({
      does: "describes",
      index: "3",
      title: "express_pool:describes:3",
      execArgv: ["--title=express_pool:describes:3", "--max-old-space-size=150"],
    });
    expect(readFileSync(`/proc/${worker.pid}/cmdline`, "utf8")).toContain("express_pool:describes:3");
  });
});

it("a process that cannot be started counts as ended, and the reason is logged", async () => {
  const node = process.execPath;
  process.execPath = "/nowhere/node";
  try {
    const { worker, ended, said, ends } = launch("waits");
    expect(worker.pid).toBeUndefined();
    worker.send({ kind: "recover" });
    expect(await ended).toEqual({ code: -ENOENT, signal: null, killedFor: undefined, heapExhausted: false });
    expect(said("Worker express_pool:waits:3 error")).toMatchObject([{ level: "ERROR" }]);
    expect(ends).toHaveLength(1);
  } finally {
    process.execPath = node;
  }
});

it("a process that cannot be started for lack of file descriptors counts as ended, and nothing else fails", async () => {
  const script = fileURLToPath(new URL("./fixtures/outOfFiles.ts", import.meta.url));
  const command = `ulimit -n 80; exec ${process.execPath} ${script}`;
  expect((await promisify(execFile)("sh", ["-c", command])).stdout).toBe("ended undefined null\n");
});
