import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { MemoryService } from "../../src/api/testing/memoryPorts.ts";

const run = promisify(execFile);
const WORKSPACE = fileURLToPath(new URL("../../..", import.meta.url));
/** Inside the workspace, so that the generated client finds its library. */
const FOLDER = join(WORKSPACE, ".cache", "openapi");
const DOCUMENT = join(FOLDER, "openapi.json");

/** A client that uses fields of each kind of answer. It compiles only if the description contains them. */
const CLIENT = `
import createClient from "openapi-fetch";
import type { paths } from "./schema.d.ts";

export const client = createClient<paths>({ baseUrl: process.argv[2] ?? "" });

export async function everything() {
  const submitted = await client.POST("/api/v1/tasks", { body: { type: "free", payload: { a: 1 }, priority: 12 } });
  const task = await client.GET("/api/v1/tasks/{id}", { params: { path: { id: submitted.data?.task_id ?? "" } } });
  const explained = await client.GET("/api/v1/tasks/{id}/explain", { params: { path: { id: "x" } } });
  const queues = await client.GET("/api/v1/queues");
  const workers = await client.GET("/api/v1/workers/status");
  const letters = await client.GET("/api/v1/dlq", { params: { query: { type: "free", limit: 10 } } });
  const limit = await client.POST("/api/v1/admin/rate-limit/enable", { body: { per_second: 5 } });
  const depth: number | undefined = queues.data?.queues[0]?.depth;
  const release: string | undefined = queues.data?.server.compatible_version;
  const ahead: number | undefined = explained.data?.ahead?.count;
  const poll: number | undefined = workers.data?.workers[0]?.poll_age_ms?.express;
  const reason: string | undefined = letters.data?.items[0]?.reason;
  const detail: string | undefined = task.error?.detail;
  return { depth, release, ahead, poll, reason, detail, rate: limit.data?.per_second };
}

// @ts-expect-error No queue has this field.
export const unknown = async () => (await client.GET("/api/v1/queues")).data?.queues[0]?.nonsense;

const { depth, release, poll, rate } = await everything();
console.log(JSON.stringify({ depth, release, poll, rate }));
`;

const service = new MemoryService();
const server = service.server();
beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(DOCUMENT, (await server.inject("/openapi.json")).body);
});

test("the description passes the recommended rules of the linter", async () => {
  const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
  const { stdout, stderr } = await run(
    join(WORKSPACE, "node_modules/.bin/redocly"),
    ["lint", DOCUMENT, "--extends", "recommended", "--max-problems", "1000", "--format", "json"],
    { env, cwd: FOLDER },
  ).catch((error: { stdout: string; stderr: string }) => error);
  expect(JSON.parse(stdout || "{}"), stderr).toMatchObject({ totals: { errors: 0, warnings: 0 }, problems: [] });
});

test("a client that is generated from the description compiles and works", async () => {
  const schema = join(FOLDER, "schema.d.ts");
  await run(join(WORKSPACE, "orchestrator/node_modules/.bin/openapi-typescript"), [DOCUMENT, "-o", schema]);
  // Of an object whose fields are known, the client names them.
  expect(await readFile(schema, "utf8")).not.toContain("[key: string]: unknown");
  await writeFile(join(FOLDER, "client.ts"), CLIENT);
  const options = ["--strict", "--noEmit", "--target", "es2024", "--module", "nodenext", "--types", "node"];
  const compiled = await run(
    join(WORKSPACE, "node_modules/.bin/tsc"),
    ["--ignoreConfig", ...options, "--allowImportingTsExtensions", "--noUncheckedIndexedAccess", "client.ts"],
    { cwd: FOLDER },
  ).catch((error: { stdout: string; stderr: string }) => error);
  expect(compiled.stdout + compiled.stderr).toBe("");
  const url = await server.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => server.close());
  const { stdout } = await run(process.execPath, ["client.ts", url], { cwd: FOLDER });
  expect(JSON.parse(stdout)).toEqual({ depth: 3, release: "7.2.4", poll: 3, rate: 5 });
});
