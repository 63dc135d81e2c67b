import { expect, it } from "vitest";
import type { RedisClient } from "../../redis/connection.ts";
import { MemoryGuard } from "./memoryGuard.ts";

/** A guard with a ceiling of 80 %, on a Redis that answers INFO with these figures. */
function setUp(maxBytes: number, usedBytes: number) {
  const state = { nowMs: 0, usedBytes, refused: undefined as Error | undefined, reads: 0 };
  const failures: unknown[] = [];
  const redis = {
    info: async (section: string) => {
      state.reads++;
      if (state.refused !== undefined) throw state.refused;
      return section === "memory" ? `# Memory\r\nused_memory:${state.usedBytes}\r\nmaxmemory:${maxBytes}\r\n` : "";
    },
  } as unknown as RedisClient;
  const guard = new MemoryGuard(
    redis,
    0.8,
    () => state.nowMs,
    (error) => failures.push(error),
  );
  return { state, failures, guard };
}

it.each([
  [1_000, 799, false],
  [1_000, 800, false],
  [1_000, 801, true],
  [1_000, 1_200, true],
  [0, 1_200, false],
])(
  "with maxmemory %i and %i bytes in use, the ceiling of 80 %% is exceeded: %s",
  async (maxBytes, usedBytes, expected) => {
    expect(await setUp(maxBytes, usedBytes).guard.exceeded()).toBe(expected);
  },
);

it("reads at most twice a second, for any number of callers", async () => {
  const { state, guard } = setUp(1_000, 900);
  expect(await Promise.all([guard.exceeded(), guard.exceeded(), guard.exceeded()])).toEqual([true, true, true]);
  expect(state.reads).toBe(1);
  state.usedBytes = 100;
  state.nowMs = 499;
  expect(await guard.exceeded()).toBe(true);
  expect(state.reads).toBe(1);
  state.nowMs = 500;
  expect(await guard.exceeded()).toBe(false);
  expect(state.reads).toBe(2);
});

it("keeps intake open if it cannot read, reports the error, and reads again", async () => {
  const { state, failures, guard } = setUp(1_000, 900);
  expect(await guard.exceeded()).toBe(true);
  state.nowMs = 1_000;
  state.refused = new Error("NOPERM");
  expect(await guard.exceeded()).toBe(false);
  expect(await guard.exceeded()).toBe(false);
  expect(failures).toEqual([state.refused]);
  state.nowMs = 2_000;
  state.refused = undefined;
  expect(await guard.exceeded()).toBe(true);
});
