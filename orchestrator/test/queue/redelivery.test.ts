import { describe, expect, it } from "vitest";
import { ensureGroup } from "../../src/queue/groups.ts";
import { packResult } from "../../src/queue/record.ts";
import { Deaths } from "../../src/queue/recover/deaths.ts";
import { useQueue } from "../support/queue.ts";
import { keys, TYPE } from "../support/worker.ts";

/** Tests how another delivery of an entry starts, and what it reports about earlier ones. */

const queue = useQueue();
const ME = `regular_${TYPE}_0`;
const { group, stream } = keys.queue(TYPE, "regular");
const taskIdOf = (entryId: string) => `${TYPE}.regular.${entryId}`;

describe("another delivery", () => {
  it("returns the entries with their deaths, in the requested order, and counts no death itself", async () => {
    await queue.submit(2, { payloadJson: '{"p":1}', priority: 3 });
    const [a = "", b = ""] = await queue.deliver(ME);
    await queue.server.client.call("XCLAIM", stream, group, ME, "0", b, "RETRYCOUNT", "4", "JUSTID");
    const claimed = await queue.recovery(ME).claim([b, a]);
    expect(claimed.map(({ raw, deaths, record }) => [raw[0], deaths, record])).toEqual([
      [b, 2, ""],
      [a, 0, ""],
    ]);
    expect(claimed[0]?.raw[1]?.slice(0, 6)).toEqual(["task_id", taskIdOf(b), "payload", '{"p":1}', "priority", "3"]);
    for (let delivery = 0; delivery < 9; delivery++) {
      expect(await queue.recovery(ME).claim([a])).toMatchObject([{ deaths: 0 }]);
    }
    expect(await queue.pending()).toEqual({ [ME]: [a, b] });
  });

  it("after a death reports one more for started entries, but not for waiting ones or those of others", async () => {
    await queue.submit(4);
    const [started = "", waiting = "", stolen = "", restarted = ""] = await queue.deliver(ME);
    await queue.steal(stolen, "other");
    await queue.server.client.call("XCLAIM", stream, group, ME, "0", waiting, restarted, "RETRYCOUNT", "2", "JUSTID");
    await queue.recovery(ME).claim([restarted]);
    const deaths = new Deaths(queue.redis, keys, "");
    expect(await deaths.count({ type: TYPE, index: 0 })).toBe(2);
    // The same death is not counted twice, because no entry was started in between.
    expect(await deaths.count({ type: TYPE, index: 0 })).toBe(0);
    expect(await queue.recovery(ME).ownPending()).toEqual([
      { id: started, deaths: 1 },
      { id: waiting, deaths: 1 },
      { id: restarted, deaths: 2 },
    ]);
    expect(await queue.recovery("other").claim([stolen])).toMatchObject([{ deaths: 0 }]);
  });

  it("after a death finds the idle times unchanged, for any number of entries", async () => {
    await queue.submit(1_000);
    await queue.submit(200);
    const ids = await queue.deliver(ME, 1_200);
    await queue.server.client.call("XCLAIM", stream, group, ME, "0", ids.at(-1) ?? "", "IDLE", "50000", "JUSTID");
    expect(await new Deaths(queue.redis, keys, "").count({ type: TYPE, index: 0 })).toBe(1_200);
    const idle = (await queue.server.client.call(
      "XPENDING",
      stream,
      group,
      "IDLE",
      "50000",
      "-",
      "+",
      "9",
    )) as unknown[];
    expect(idle).toHaveLength(1);
  });

  it("omits entries of other consumers, entries that are not pending, and deleted ones", async () => {
    await queue.submit(4);
    const [mine = "", stolen = "", acknowledged = "", deleted = ""] = await queue.deliver(ME);
    await queue.steal(stolen, "other");
    await queue.server.client.xack(stream, group, acknowledged);
    await queue.server.client.xdel(stream, deleted);
    const claimed = await queue.recovery(ME).claim([stolen, acknowledged, deleted, mine]);
    expect(claimed.map(({ raw }) => raw[0])).toEqual([mine]);
    expect((await queue.pending()).other).toEqual([stolen]);
  });

  it("detects from its result that a task with a generated id completed", async () => {
    // Many results of one millisecond are in several hashes.
    const times = ["1600000000000-0", "1600000000015-3", "1600000000016-0"];
    const ids = [...times, "1600000000017-4095", "1600000000018-4096", "1600000000019-12345"];
    for (const id of ids) await queue.add(id, { task_id: taskIdOf(id) });
    await queue.deliver(ME);
    const complete = queue.completion(ME);
    for (const id of ids) {
      await complete([
        {
          kind: "completed",
          entryId: id,
          taskId: taskIdOf(id),
          originMs: 1,
          waitedMs: 0,
          result: packResult(1, 2, ME, "1"),
          hasRecord: false,
        },
      ]);
      // Redis lost the acknowledgement in a failover, but kept the result.
      await queue.add(`${Number.parseInt(id, 10) + 100_000_000}-0`, { task_id: `x-${id}` });
    }
    await queue.deliver(ME);
    await queue.server.client.del(stream);
    await ensureGroup(queue.redis, keys.queue(TYPE, "regular"));
    for (const id of ids) await queue.add(id, { task_id: taskIdOf(id) });
    const unfinished = await queue.add("1600000000020-4096");
    await queue.deliver(ME);
    const claimed = await queue.recovery(ME).claim([...ids, unfinished]);
    expect(claimed.map(({ record }) => record)).toEqual([...ids.map(() => "c"), ""]);
  });

  it("detects from the record how a task ended, or that it continues in another entry", async () => {
    const states = { c: "c", f: "f", r: "r", q: "" } as const;
    for (const [at, [state]] of Object.entries(states).entries()) {
      const id = await queue.add(`${at + 1}-0`, { task_id: `t-${state}` });
      await queue.server.client.set(keys.task(`t-${state}`), `${state} ${id} ${id} ${stream} {"attempts":1}`);
    }
    const moved = await queue.add("10-0", { task_id: "moved" });
    await queue.server.client.set(keys.task("moved"), `q ${moved} 99-0 ${stream} {"attempts":1}`);
    const ids = await queue.deliver(ME);
    const claimed = await queue.recovery(ME).claim(ids);
    expect(claimed.map(({ record }) => record)).toEqual([...Object.values(states), "q"]);
  });

  it("recognizes a moved task by its first entry", async () => {
    const id = await queue.add("20-0", { task_id: "mine", origin: "5-0", attempt: "1" });
    await queue.server.client.set(keys.task("mine"), `r 5-0 - ${stream} {"attempts":2}`);
    await queue.deliver(ME);
    expect(await queue.recovery(ME).claim([id])).toMatchObject([{ record: "r" }]);
  });

  it("ignores the record of another task with the same id", async () => {
    const id = await queue.add("20-0", { task_id: "mine" });
    await queue.server.client.set(keys.task("mine"), `c 5-0 6-0 ${stream} {"attempts":1}`);
    await queue.deliver(ME);
    expect(await queue.recovery(ME).claim([id])).toMatchObject([{ record: "" }]);
  });

  it("uses the generated id if the entry has none", async () => {
    const id = await queue.add("30-0");
    await queue.server.client.set(keys.task(taskIdOf(id)), `f ${id} ${id} ${stream} {"attempts":1}`);
    await queue.deliver(ME);
    expect(await queue.recovery(ME).claim([id])).toMatchObject([{ record: "f" }]);
  });

  it("works over the memory limit of Redis", async () => {
    await queue.submit(1);
    const [id = ""] = await queue.deliver(ME);
    await queue.server.client.config("SET", "maxmemory", "1mb");
    try {
      expect(await queue.recovery(ME).claim([id])).toHaveLength(1);
    } finally {
      await queue.server.client.config("SET", "maxmemory", "0");
    }
  });
});

describe("unowned entries", () => {
  it("are found among pending and undelivered ones, over many pages", async () => {
    await queue.submit(1_000);
    await queue.submit(205);
    const delivered = await queue.deliver("other", 1_150);
    const lost = delivered.filter((_, at) => at % 230 === 7 || at === 1_149);
    await queue.server.client.xack(stream, group, ...lost);
    const found: string[] = [];
    for (let round = 0; round < 10; round++) found.push(...(await queue.recovery(ME).claimUnowned(200)));
    expect(found).toEqual(lost);
    expect((await queue.pending())[ME]).toEqual(lost);
    expect((await queue.pending()).other).toHaveLength(1_150 - lost.length);
    expect(await queue.deliver("other")).toHaveLength(55);
  });

  it("are not those that a consumer has, although many deleted ones are pending before them", async () => {
    await queue.submit(1_000);
    await queue.submit(10);
    const ids = await queue.deliver("other", 1_010);
    await queue.server.client.xdel(stream, ...ids.slice(1, -1));
    expect(await queue.recovery(ME).claimUnowned(10)).toEqual([]);
    expect((await queue.pending()).other).toHaveLength(1_010);
  });

  it("are claimed without counting a death", async () => {
    await queue.submit(1);
    const [id = ""] = await queue.deliver("other");
    await queue.server.client.xack(stream, group, id);
    expect(await queue.recovery(ME).claimUnowned(10)).toEqual([id]);
    expect(await queue.recovery(ME).ownPending()).toMatchObject([{ id, deaths: 0 }]);
    expect(await queue.recovery(ME).claimUnowned(10)).toEqual([]);
  });

  it("are claimed up to an approximate limit", async () => {
    await queue.submit(450);
    const ids = await queue.deliver("other");
    await queue.server.client.xack(stream, group, ...ids);
    const first = await queue.recovery(ME).claimUnowned(150);
    expect(first).toEqual(ids.slice(0, first.length));
    // A page has 100 entries.
    expect(first.length).toBeGreaterThanOrEqual(150);
    expect(first.length).toBeLessThan(250);
  });

  it("do not exist before a delivery, or without a group", async () => {
    await queue.submit(3);
    expect(await queue.recovery(ME).claimUnowned(10)).toEqual([]);
    await queue.server.client.xgroup("DESTROY", stream, group);
    await queue.server.client.xgroup("CREATE", stream, "another", "$");
    expect(await queue.recovery(ME).claimUnowned(10)).toEqual([]);
  });

  it("are found by the group of this queue, although other groups exist", async () => {
    await queue.server.client.xgroup("CREATE", stream, "another", "$");
    await queue.server.client.xgroup("CREATE", stream, "zebra", "0");
    await queue.submit(2);
    const [id = ""] = await queue.deliver("other", 1);
    await queue.server.client.xack(stream, group, id);
    expect(await queue.recovery(ME).claimUnowned(10)).toEqual([id]);
  });

  it("are claimed over the memory limit of Redis too", async () => {
    await queue.submit(1);
    const [id = ""] = await queue.deliver("other");
    await queue.server.client.xack(stream, group, id);
    await queue.server.client.config("SET", "maxmemory", "1mb");
    try {
      expect(await queue.recovery(ME).claimUnowned(10)).toEqual([id]);
    } finally {
      await queue.server.client.config("SET", "maxmemory", "0");
    }
  });
});

describe("a consumer group", () => {
  it("is created with its stream, from the beginning; an existing one stays unchanged", async () => {
    const other = { ...keys.queue(TYPE, "regular"), stream: "mcp:new", group: "g" };
    await queue.server.client.xadd(other.stream, "1-1", "a", "b");
    await ensureGroup(queue.redis, other);
    const read = ["GROUP", "g", "c", "COUNT", "10", "STREAMS", other.stream, ">"];
    expect(await queue.server.client.call("XREADGROUP", read)).toEqual([[other.stream, [["1-1", ["a", "b"]]]]]);
    await ensureGroup(queue.redis, other);
    expect(await queue.server.client.call("XREADGROUP", read)).toBeNull();
    await ensureGroup(queue.redis, { ...other, stream: "mcp:absent" });
    expect(await queue.server.client.xlen("mcp:absent")).toBe(0);
    expect(await queue.server.client.exists("mcp:absent")).toBe(1);
  });

  it("is created over the memory limit of Redis, and other errors are thrown", async () => {
    await queue.server.client.config("SET", "maxmemory", "1mb");
    try {
      await ensureGroup(queue.redis, keys.queue(TYPE, "regular"));
    } finally {
      await queue.server.client.config("SET", "maxmemory", "0");
    }
    await queue.server.client.set("mcp:text", "x");
    const wrong = { ...keys.queue(TYPE, "regular"), stream: "mcp:text" };
    await expect(ensureGroup(queue.redis, wrong)).rejects.toThrow(/WRONGTYPE/);
  });
});
