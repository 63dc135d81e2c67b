import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { COMPILE_CACHE } from "@mcp-orchestrator/e2e/testkit/process/compileCache";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MemoryService } from "../../src/api/testing/memoryPorts.ts";

const PROGRAM = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));
const service = new MemoryService();
const server = service.server();
let url: string;
beforeAll(async () => {
  url = await server.listen({ port: 0, host: "127.0.0.1" });
});
afterAll(() => server.close());

/** Runs the real program in a separate process, without a terminal. */
async function cli(args: readonly string[], input = ""): Promise<{ code: number; stdout: string; stderr: string }> {
  const running = promisify(execFile)(process.execPath, [PROGRAM, "--url", url, ...args], {
    env: { ...process.env, ...COMPILE_CACHE },
  });
  running.child.stdin?.end(input);
  return running.then(
    (output) => ({ code: 0, ...output }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

test("submit reads the payload from standard input and prints JSON", async () => {
  const { code, stdout, stderr } = await cli(["submit", "free", "--json"], '{"a":1}');
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({ type: "free", status: "queued" });
  expect(service.submitted).toMatchObject([{ payloadJson: '{"a":1}' }]);
});

test("errors go to standard error, with an exit code for their kind", async () => {
  expect(await cli(["status", "none"])).toMatchObject({ code: 3, stdout: "", stderr: expect.stringContaining("none") });
  expect(await cli(["scale"])).toMatchObject({ code: 2, stdout: "" });
  expect(await cli(["--url", "http://127.0.0.1:1", "queues"])).toMatchObject({ code: 4, stdout: "" });
});

test("without a terminal there is no colour and no table", async () => {
  const { stdout } = await cli(["workers"]);
  expect(stdout.split("\n")[0]).toBe("worker\tstate\tactive\tpid\tin_flight\trestarts\tpaused");
});

test("a reader that stops reading, such as head, ends it without an error", async () => {
  const child = spawn(process.execPath, [PROGRAM, "--help"], { env: { ...process.env, ...COMPILE_CACHE } });
  child.stdout.destroy();
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
