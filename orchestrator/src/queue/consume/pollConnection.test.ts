import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { createKeys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { PollConnection } from "./pollConnection.ts";

const never = () => new Promise<never>(() => undefined);

/** A connection to a server whose answers the test gives. `event` follows its opening. */
function open(answers: { callBuffer?: unknown; ping?: unknown } = {}, event = "ready", connectTimeoutMs = 30_000) {
  const sent: unknown[][] = [];
  const redis = Object.assign(new EventEmitter(), {
    callBuffer: async (...args: unknown[]) => {
      sent.push(args);
      return await (answers.callBuffer ?? null);
    },
    ping: async () => await answers.ping,
    disconnect: () => sent.push(["disconnect"]),
  });
  const connection = PollConnection.open({
    open: () => {
      setImmediate(() => redis.emit(event));
      return redis as unknown as RedisClient;
    },
    queue: createKeys("mcp").queue("ml", "regular"),
    consumer: "regular_ml_0",
    ...{ blockMs: 30, connectTimeoutMs, marginMs: 10 },
  });
  return { connection, redis, sent };
}

it("reads up to a number of entries, and waits for the first", async () => {
  const fields = [Buffer.from("payload"), Buffer.from("1")];
  const stream = [
    Buffer.from("mcp:queue:ml"),
    [
      [Buffer.from("1-0"), fields],
      [Buffer.from("2-0"), null],
    ],
  ];
  const { connection, sent } = open({ callBuffer: [stream] });
  expect(await (await connection).poll(7)).toEqual([
    ["1-0", fields],
    ["2-0", null],
  ]);
  const { stream: key, group } = createKeys("mcp").queue("ml", "regular");
  expect(sent[0]?.join(" ")).toBe(`XREADGROUP GROUP ${group} regular_ml_0 COUNT 7 BLOCK 30 STREAMS ${key} >`);
});

it("returns no entries if none arrived", async () => {
  expect(await (await open().connection).poll(1)).toEqual([]);
});

it("fails if a read or a ping is not answered in time", async () => {
  const connection = await open({ callBuffer: never(), ping: never() }).connection;
  await expect(connection.poll(1)).rejects.toMatchObject({
    kind: "timeout",
    message: "Redis poll timeout after 40 ms",
  });
  await expect(connection.ping()).rejects.toMatchObject({ kind: "timeout", message: "Redis ping timeout after 10 ms" });
});

it("is closed if it does not open", async () => {
  const late = open({}, "something else", 20);
  await expect(late.connection).rejects.toMatchObject({ message: "Redis connection timeout after 20 ms" });
  const ended = open({}, "end");
  ended.redis.emit("error", new Error("connect ECONNREFUSED"));
  await expect(ended.connection).rejects.toMatchObject({
    ...{ kind: "connection", message: "no connection to Redis: connect ECONNREFUSED" },
  });
  expect([late.sent, ended.sent]).toEqual([[["disconnect"]], [["disconnect"]]]);
});
