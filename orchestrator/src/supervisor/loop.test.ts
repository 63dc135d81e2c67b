import { afterEach, expect, it, vi } from "vitest";
import { createLog } from "../log.ts";
import { Loop } from "./loop.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function setUp(
  run: (signal: AbortSignal) => Promise<unknown>,
  intervalMs: number | (() => number) = 1,
  immediate = false,
) {
  const lines: string[] = [];
  const rounds: unknown[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const loop = new Loop({
    name: "test loop",
    intervalMs,
    immediate,
    log: createLog("info", { write: (line) => lines.push(line) }),
    onRound: (failure) => {
      rounds.push(failure);
      for (const { count, resolve } of waiting) if (rounds.length >= count) resolve();
    },
    run,
  });
  const round = (count: number) =>
    rounds.length >= count ? Promise.resolve() : new Promise<void>((resolve) => waiting.push({ count, resolve }));
  return { loop, lines, rounds, round };
}

it("logs a failed round and continues", async () => {
  let calls = 0;
  const { loop, lines, rounds, round } = setUp(async () => {
    if (++calls === 1) throw new Error("first");
  });
  loop.start();
  await round(3);
  await loop.stop();
  expect(rounds[0]).toBeInstanceOf(Error);
  expect(rounds[1]).toBeUndefined();
  expect(lines.join()).toContain("test loop failed: first");
});

it("reads the interval before each round", async () => {
  const asked: number[] = [];
  const { loop, rounds, round } = setUp(
    async () => {},
    () => {
      asked.push(rounds.length);
      return asked.length < 3 ? 1 : 3_600_000;
    },
  );
  loop.start();
  await round(2);
  await loop.stop();
  expect(asked.slice(0, 2)).toEqual([0, 1]);
  expect(rounds).toHaveLength(2);
});

it("runs its first round at once where that is asked for, and the next after the interval", async () => {
  let calls = 0;
  const run = async () => {
    calls++;
  };
  const { loop, round } = setUp(run, 3_600_000, true);
  loop.start();
  await round(1);
  await loop.stop();
  expect(calls).toBe(1);
});

it("never overlaps rounds", async () => {
  let running = 0;
  let most = 0;
  const { loop, round } = setUp(async () => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 3));
    running--;
  });
  loop.start().start();
  await round(5);
  await loop.stop();
  expect(most).toBe(1);
});

it("stop aborts the current round and waits for its end", async () => {
  const started = Promise.withResolvers<void>();
  let ended = false;
  const { loop } = setUp(async (signal) => {
    started.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    ended = true;
  });
  loop.start();
  await started.promise;
  await loop.stop();
  expect(ended).toBe(true);
});

it("starts an earlier round on request, and then returns to its interval", async () => {
  const { loop, rounds, round } = setUp(async () => {}, 3_600_000);
  loop.start();
  loop.within(5_000_000);
  loop.within(1);
  await round(1);
  loop.within(1);
  await round(2);
  await loop.stop();
  expect(rounds).toHaveLength(2);
});

it("runs another round if one is requested during a round", async () => {
  let calls = 0;
  const { loop, round } = setUp(async () => {
    if (++calls === 1) loop.within(1);
  }, 3_600_000);
  loop.start();
  loop.within(0);
  await round(2);
  await loop.stop();
  expect(calls).toBe(2);
});

it("stop ends the pause", async () => {
  const { loop, rounds } = setUp(async () => {}, 3_600_000);
  loop.start();
  await loop.stop();
  expect(rounds).toHaveLength(0);
});

it("stop of a loop that was not started does nothing", async () => {
  const { loop, rounds } = setUp(async () => {});
  await loop.stop();
  expect(rounds).toEqual([]);
});

it("does not log the failure of a round that stop aborted", async () => {
  const started = Promise.withResolvers<void>();
  const { loop, lines, rounds } = setUp(async (signal) => {
    started.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    throw new Error("aborted");
  });
  loop.start();
  await started.promise;
  await loop.stop();
  expect(rounds).toHaveLength(1);
  expect(lines).toEqual([]);
});

it.each([
  [0, 900],
  [0.5, 1_000],
  [1, 1_100],
])("adds jitter to its interval, so that replicas do not run in step: %d", async (random, ms) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  vi.spyOn(Math, "random").mockReturnValue(random);
  const { loop, rounds } = setUp(async () => {}, 1_000);
  loop.start();
  await vi.advanceTimersByTimeAsync(ms - 1);
  expect(rounds).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(rounds).toHaveLength(1);
  await loop.stop();
});

it("clears its timer after every pause, because a timer would keep the process alive", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const { loop, rounds } = setUp(async () => {}, 3_600_000);
  loop.start();
  for (const ms of [5_000, 100, 1]) loop.within(ms);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(rounds).toHaveLength(1);
  expect(vi.getTimerCount()).toBe(1);
  await loop.stop();
  expect(vi.getTimerCount()).toBe(0);
});
