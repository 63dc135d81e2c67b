import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createKeys } from "../../src/keys.ts";
import { type RedisServer, startRedis } from "../support/redisServer.ts";
import { ServiceProcess } from "../support/service.ts";

const MIB = 1024 ** 2;
const BATCH_BYTES = 16 * MIB;
/** Limit of the growth of the main process: the bodies in progress and everything derived from them. */
const MAX_GROWTH_BYTES = 300 * MIB;

let redis: RedisServer;
let service: ServiceProcess;
beforeAll(async () => {
  redis = await startRedis();
  service = await ServiceProcess.create(
    // Generous: the machine may be busy with other suites, and this test is not about a slow Redis.
    { REDIS_URL: redis.url, REDIS_COMMAND_TIMEOUT_MS: "15000", ORPHAN_MIN_IDLE_MS: "30000" },
    {},
  );
  await service.start();
});
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
});

async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${service.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** Sends a batch except its last byte. Resolves when everything is sent, or with the status of a rejection. */
function sendHalf(body: Buffer): Promise<{ socket: Socket; answer: string }> {
  const { hostname, port } = new URL(service.url);
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      answer += data;
    });
    socket.once("close", () => resolve({ socket, answer }));
    socket.write(
      `POST /api/v1/tasks/batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.subarray(0, -1), () => resolve({ socket, answer }));
  });
}

it("60 incomplete batches are rejected before they fill the memory, single tasks are accepted", async () => {
  const body = Buffer.alloc(BATCH_BYTES - 1, " ");
  const before = await residentBytes();
  const sent = await Promise.all(Array.from({ length: 60 }, () => sendHalf(body)));
  try {
    expect(await residentBytes()).toBeLessThan(before + MAX_GROWTH_BYTES);
    const refused = sent.filter(({ answer }) => answer.startsWith("HTTP/1.1 503 ") && answer.includes("OVERLOADED"));
    expect(refused.length).toBeGreaterThan(30);
    expect(await service.submit(1, {}, "ml")).toHaveLength(1);
    // Some answers may not have reached their clients yet.
    const overloaded = 'route="submit_batch",outcome="error",cause="overload"';
    expect(await service.metric("mcp_http_requests_total", overloaded)).toBeGreaterThanOrEqual(refused.length);
  } finally {
    for (const { socket } of sent) socket.destroy();
  }
  // The memory of the others is free again.
  const tasks = Array.from({ length: 40 }, () => ({ type: "ml", payload: { journal: "x".repeat(60_000) } }));
  await service.until(
    () => service.post("/api/v1/tasks/batch", { tasks }),
    ({ status }) => status === 202,
  );
});

it("simultaneous reads of large pages of dead letters do not fill the memory", async () => {
  const { deadLetters } = createKeys("mcp");
  const payload = JSON.stringify("x".repeat(64_000));
  const pipeline = redis.client.pipeline();
  for (let n = 0; n < 1_000; n++) pipeline.xadd(deadLetters, "*", "task_id", `t${n}`, "type", "ml", "payload", payload);
  await pipeline.exec();
  const before = await residentBytes();
  const pages = await Promise.all(Array.from({ length: 8 }, () => service.get("/api/v1/dlq?limit=1000")));
  expect(await residentBytes()).toBeLessThan(before + MAX_GROWTH_BYTES);
  for (const { status, body } of pages) {
    expect(status, JSON.stringify(body).slice(0, 500)).toBe(200);
    expect(body).toMatchObject({ next_cursor: expect.any(String) });
  }
});
