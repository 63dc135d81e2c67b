import { expect, it } from "vitest";
import { checkSchema, SCHEMA, SchemaError } from "../../src/redis/schema.ts";
import { useRedis } from "../support/redisServer.ts";
import { keys } from "../support/worker.ts";

/** Tests which layouts this release accepts, and when it writes its own version. */

const { server, redis } = await useRedis();
const { major, minor } = SCHEMA;
const OWN = `${major}.${minor}`;

it("an empty Redis gets the version of this release", async () => {
  expect(await checkSchema(redis, keys)).toBeUndefined();
  expect(await server.client.get(keys.schema)).toBe(OWN);
});

it.each([
  [`${major - 1}.${minor}`, OWN],
  [`${major - 1}.${minor + 9}`, OWN],
  [`${major}.${minor - 1}`, OWN],
  [OWN, OWN],
  [`${major}.${minor + 1}`, `${major}.${minor + 1}`],
  [`${major}.${minor + 10}`, `${major}.${minor + 10}`],
])("the version %s is accepted, and then is %s", async (stored, after) => {
  await server.client.set(keys.schema, stored);
  expect(await checkSchema(redis, keys)).toBe(stored);
  expect(await server.client.get(keys.schema)).toBe(after);
});

it.each([`${major + 1}.0`, `${major + 10}.0`, "soup", "1", "1.x", "x.1", "1.1.1", " 1.0", "1.0 "])(
  "the version %j is an error, and stays",
  async (stored) => {
    await server.client.set(keys.schema, stored);
    await expect(checkSchema(redis, keys)).rejects.toThrow(SchemaError);
    expect(await server.client.get(keys.schema)).toBe(stored);
  },
);

it("the version is checked and written over the memory limit of Redis too", async () => {
  await server.client.config("SET", "maxmemory", "1mb");
  try {
    await checkSchema(redis, keys);
  } finally {
    await server.client.config("SET", "maxmemory", "0");
  }
  expect(await server.client.get(keys.schema)).toBe(OWN);
});
