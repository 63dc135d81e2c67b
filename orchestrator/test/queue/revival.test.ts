import { describe, expect, it } from "vitest";
import { isNow, useQueue } from "../support/queue.ts";
import { keys, TYPE } from "../support/worker.ts";

/** Tests the effects of retrying and discarding a dead letter, value by value. */

const queue = useQueue();
const ME = `regular_${TYPE}_0`;
const { stream } = keys.queue(TYPE, "regular");

/** Makes tasks fail for good. @returns ids of their dead letters, oldest first */
async function die(taskIds: readonly string[], reason: "upstream" | "timeout" = "upstream"): Promise<string[]> {
  const entries = await queue.deliver(ME);
  await queue.completion(ME)(
    entries.map((entryId, at) => {
      const failure = { reason, code: "X", message: `no ${taskIds[at]}`, attempts: 2 } as const;
      return { kind: "failed", entryId, taskId: taskIds[at] ?? "", ...failure } as const;
    }),
  );
  return (await queue.server.client.xrange(keys.deadLetters, "-", "+")).map(([id]) => id).slice(-taskIds.length);
}

async function fieldsOf(of = stream): Promise<Record<string, string | undefined>[]> {
  const entries = await queue.server.client.xrange(of, "-", "+");
  return entries.map(([, flat]) =>
    Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]]] : []))),
  );
}

describe("a dead letter that is retried", () => {
  it("becomes a new task with the same id and its history, and is removed", async () => {
    await queue.submit(2, { priority: 7, payloadJson: '{"p":1}' });
    await queue.submit(1, { taskId: "mine", priority: 4, payloadJson: '{"q":1}' });
    const [before] = (await fieldsOf()).slice(-1);
    const names = (await fieldsOf()).map(({ task_id }) => task_id ?? "");
    const letters = await die(names);
    const [first] = (await queue.letters.list({ limit: 1 })).items;
    expect(await queue.letters.retry(letters[2] ?? "")).toEqual({
      taskId: "mine",
      type: TYPE,
      lane: "regular",
      status: "queued",
      duplicate: false,
    });
    const [entry] = await fieldsOf();
    const history = [{ reason: "upstream", error: "no mine", failedAtMs: first?.failedAtMs }];
    expect(entry).toEqual({
      task_id: "mine",
      payload: '{"q":1}',
      priority: "4",
      type: TYPE,
      timestamp: before?.timestamp,
      digest: before?.digest,
      history: JSON.stringify(history),
    });
    expect(isNow(first?.failedAtMs)).toBe(true);
    const [id] = (await queue.server.client.xrange(stream, "-", "+"))[0] ?? [];
    expect(await queue.lookup.find("mine")).toEqual({
      taskId: "mine",
      type: TYPE,
      lane: "regular",
      status: "queued",
      attempts: 0,
      enqueuedAtMs: Number.parseInt(id ?? "", 10),
    });
    expect((await queue.letters.list({ limit: 9 })).items.map((letter) => letter.id)).toEqual(
      letters.slice(0, 2).toReversed(),
    );
    expect(await queue.balance()).toEqual([0, 0]);
    await expect(queue.letters.retry(letters[2] ?? "")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await queue.server.client.xlen(stream)).toBe(1);
  });

  it("keeps its whole history when it fails again", async () => {
    await queue.submit(1, { taskId: "mine" });
    const [letter = ""] = await die(["mine"]);
    await queue.letters.retry(letter);
    const [again = ""] = await die(["mine"], "timeout");
    const found = await queue.letters.get(again);
    expect(found).toMatchObject({ reason: "timeout", history: [{ reason: "upstream", error: "no mine" }] });
    await queue.letters.retry(again);
    expect(JSON.parse((await fieldsOf())[0]?.history ?? "")).toMatchObject([
      { reason: "upstream" },
      { reason: "timeout" },
    ]);
  });
});

describe("a retry of all matching dead letters", () => {
  it("leaves the others, by type, by reason and by both", async () => {
    const matching = async (filter: Parameters<typeof queue.letters.retryWhere>[0]) => {
      await queue.server.client.del(keys.deadLetters);
      for (const type of [TYPE, "ml"]) {
        for (const reason of ["upstream", "timeout"]) {
          await queue.server.client.xadd(
            keys.deadLetters,
            "*",
            "task_id",
            `${type}-${reason}`,
            "payload",
            "1",
            "type",
            type,
            "reason",
            reason,
            "lane",
            "regular",
            "stream",
            keys.queue(type, "regular").stream,
          );
        }
      }
      const count = await queue.letters.retryWhere(filter);
      const left = (await queue.letters.list({ limit: 9 })).items.map(({ taskId }) => taskId).toSorted();
      expect(count).toBe(4 - left.length);
      return left;
    };
    expect(await matching({ type: TYPE })).toEqual(["ml-timeout", "ml-upstream"]);
    expect(await matching({ reason: "timeout" })).toEqual(["ml-upstream", `${TYPE}-upstream`]);
    expect(await matching({ type: "ml", reason: "upstream" })).toEqual([
      "ml-timeout",
      `${TYPE}-timeout`,
      `${TYPE}-upstream`,
    ]);
    expect(await matching({ type: "ml", reason: "poison" })).toHaveLength(4);
    expect(await matching({})).toEqual([]);
    expect((await fieldsOf(keys.queue("ml", "regular").stream)).map(({ task_id }) => task_id)).toContain("ml-timeout");
  });

  it("uses defaults for missing fields", async () => {
    const id = await queue.server.client.xadd(keys.deadLetters, "*", "task_id", "bare", "stream", stream);
    await queue.letters.retry(id ?? "");
    expect(await fieldsOf()).toEqual([
      {
        task_id: "bare",
        payload: "",
        priority: "",
        type: "",
        timestamp: "",
        history: expect.stringContaining("internal"),
      },
    ]);
  });
});

describe("a dead letter that is discarded", () => {
  it("is removed with its record, and the others stay", async () => {
    await queue.submit(1, { taskId: "one" });
    await queue.submit(1, { taskId: "two" });
    const [one = "", two = ""] = await die(["one", "two"]);
    await queue.letters.discard(one);
    expect((await queue.letters.list({ limit: 9 })).items.map(({ id }) => id)).toEqual([two]);
    expect(await queue.lookup.find("one")).toBeUndefined();
    expect(await queue.lookup.find("two")).toMatchObject({ status: "failed", deadLetterId: two });
    await expect(queue.letters.discard(one)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(queue.letters.discard("1-1")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await queue.submit(1, { taskId: "one" })).toEqual(["one"]);
    expect(await queue.server.client.xlen(stream)).toBe(1);
  });

  it("leaves the record of an unfinished task with the same id", async () => {
    await queue.submit(1, { taskId: "mine" });
    const [letter = ""] = await die(["mine"]);
    await queue.server.client.del(keys.task("mine"));
    await queue.submit(1, { taskId: "mine" });
    await queue.letters.discard(letter);
    expect(await queue.lookup.find("mine")).toMatchObject({ status: "queued" });
  });

  it("leaves a record that refers to another letter with the same id prefix", async () => {
    for (const id of ["5-1", "5-10"])
      await queue.server.client.xadd(keys.deadLetters, id, "task_id", "mine", "stream", stream);
    await queue.server.client.set(keys.task("mine"), `f 1-0 1-0 ${stream} {"deadLetterId":"5-10","attempts":1}`);
    await queue.letters.discard("5-1");
    expect(await queue.lookup.find("mine")).toMatchObject({ status: "failed", deadLetterId: "5-10" });
  });

  it("is removed if no record refers to it", async () => {
    await queue.submit(1, { taskId: "mine" });
    const [letter = ""] = await die(["mine"]);
    await queue.server.client.del(keys.task("mine"));
    await queue.letters.discard(letter);
    expect(await queue.server.client.xlen(keys.deadLetters)).toBe(0);
  });

  it("is removed if its record has another type of value", async () => {
    await queue.submit(1, { taskId: "mine" });
    const [letter = ""] = await die(["mine"]);
    await queue.server.client.del(keys.task("mine"));
    await queue.server.client.rpush(keys.task("mine"), "odd");
    await queue.letters.discard(letter);
    expect(await queue.server.client.xlen(keys.deadLetters)).toBe(0);
  });

  it("can be discarded over the memory limit of Redis, which frees memory", async () => {
    await queue.submit(1, { taskId: "mine" });
    const [letter = ""] = await die(["mine"]);
    await queue.server.client.config("SET", "maxmemory", "1mb");
    try {
      await queue.letters.discard(letter);
    } finally {
      await queue.server.client.config("SET", "maxmemory", "0");
    }
    expect(await queue.server.client.xlen(keys.deadLetters)).toBe(0);
  });
});
