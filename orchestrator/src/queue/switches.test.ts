import { expect, it } from "vitest";
import { createKeys } from "../keys.ts";
import type { RedisClient } from "../redis/connection.ts";
import { parseSwitches, readPaused, Switches } from "./switches.ts";

it("uses the configuration for switches that are not set", () => {
  expect(parseSwitches({}, 0)).toEqual({
    rateLimit: { enabled: false, perSecond: 0 },
    expressBypass: false,
    paused: [],
  });
  expect(parseSwitches({}, 50).rateLimit).toEqual({ enabled: true, perSecond: 50 });
});

it("overrides the configuration with switches that are set", () => {
  const fields = { "rate-limit": "0", rate: "7", "express-bypass": "1", "paused:ml": "1", "paused:codegen": "1" };
  expect(parseSwitches(fields, 50)).toEqual({
    rateLimit: { enabled: false, perSecond: 7 },
    expressBypass: true,
    paused: ["codegen", "ml"],
  });
  expect(parseSwitches({ "rate-limit": "1", rate: "7" }, 0).rateLimit).toEqual({ enabled: true, perSecond: 7 });
});

it("each switch is its own field, and is read back", async () => {
  const hashes: Record<string, Record<string, string>> = {};
  const redis = {
    hget: async (key: string, field: string) => hashes[key]?.[field] ?? null,
    hgetall: async (key: string) => ({ ...hashes[key] }),
    hdel: async (key: string, field: string) => delete hashes[key]?.[field],
    hset: async (key: string, ...pairs: string[]) => {
      hashes[key] ??= {};
      for (let at = 0; at < pairs.length; at += 2) hashes[key][String(pairs[at])] = String(pairs[at + 1]);
    },
  } as unknown as RedisClient;
  const keys = createKeys("mcp");
  const switches = new Switches(redis, keys, 50);
  const initial = { rateLimit: { enabled: true, perSecond: 50 }, expressBypass: false, paused: [] };
  expect(await switches.disableRateLimit()).toEqual({ ...initial, rateLimit: { enabled: false, perSecond: 50 } });
  expect((await switches.enableRateLimit(3)).rateLimit).toEqual({ enabled: true, perSecond: 3 });
  expect(await switches.enableRateLimit()).toEqual(initial);
  expect(await switches.setExpressBypass(true)).toEqual({ ...initial, expressBypass: true });
  expect(await switches.setExpressBypass(false)).toEqual(initial);
  await switches.pause("ml");
  expect(await switches.pause("codegen")).toEqual({ ...initial, paused: ["codegen", "ml"] });
  expect(await switches.resume("codegen")).toEqual({ ...initial, paused: ["ml"] });
  expect(await Promise.all(["ml", "codegen"].map((type) => readPaused(redis, keys, type)))).toEqual([true, false]);
  await switches.disableRateLimit();
  // Scripts read the same fields.
  expect(hashes).toEqual({
    [keys.switches]: { "express-bypass": "0", "rate-limit": "0", rate: "50", "paused:ml": "1" },
  });
});
