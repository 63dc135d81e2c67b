import { beforeAll, expect, test } from "vitest";
import { MemoryService } from "../../src/api/testing/memoryPorts.ts";
import { TaskExplainer } from "../../src/queue/inspect/explain.ts";
import { completedRecord, packResult } from "../../src/queue/record.ts";
import { TYPES, useQueue } from "../support/queue.ts";
import { keys, TYPE } from "../support/worker.ts";

const queue = useQueue();
const service = new MemoryService();
const server = service.server();
beforeAll(() => {
  const explainer = new TaskExplainer(queue.redis, keys, TYPES);
  Object.assign(service.ports.lookup, {
    find: (id: string) => queue.lookup.find(id),
    explain: (id: string) => explainer.explain(id),
  });
});

const ME = `regular_${TYPE}_0`;
/** Nested too deep for JSON.stringify, with a number that would be rounded. */
const DEEP = `${"[".repeat(20_000)}12345678901234567890${"]".repeat(20_000)}`;
const SPACED = '{"a":  1.0, "result":{"result":12345678901234567890}}';

test.each([DEEP, SPACED])("a result is returned as stored: %.20s", async (stored) => {
  const [taskId = ""] = await queue.submit(1);
  const [entryId = ""] = await queue.deliver(ME);
  const { stream } = keys.queue(TYPE, "regular");
  const packed = packResult(1_000, 2_000, ME, stored);
  const task = {
    kind: "completed",
    entryId,
    taskId,
    originMs: 1_000,
    waitedMs: 0,
    result: packed,
    hasRecord: false,
  } as const;
  await queue.completion(ME)([task]);
  await queue.redis.set(
    keys.task("chosen"),
    completedRecord({ originId: entryId, entryId, stream, digest: "d" }, 2, packed),
  );
  for (const id of [taskId, "chosen"]) {
    const found = await server.inject(`/api/v1/tasks/${id}`);
    expect(found.statusCode, found.body.slice(0, 300)).toBe(200);
    expect(found.body.endsWith(`,"result":${stored}}`)).toBe(true);
    expect(found.body).toContain('"status":"completed"');
    const explained = await server.inject(`/api/v1/tasks/${id}/explain`);
    expect(explained.statusCode, explained.body.slice(0, 300)).toBe(200);
    expect(explained.body).toContain(`,"result":${stored}},"summary":"Completed."`);
  }
});

test.each([
  "0-0",
  "9999999999999999-9999999999999999",
  "99999999999999999999-0",
  "1-99999999999999999999999",
  "18446744073709551616-18446744073709551616",
  "-",
  "1-",
  "",
])("a generated id with an impossible entry id is not found: %s", async (entryId) => {
  for (const path of [`/api/v1/tasks/${TYPE}.regular.${entryId}`, `/api/v1/tasks/${TYPE}.regular.${entryId}/explain`]) {
    const response = await server.inject(path);
    expect(response.statusCode, response.body).toBe(404);
    expect(response.json()).toMatchObject({ status: 404 });
  }
});
