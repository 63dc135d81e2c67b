import { expect, it } from "vitest";
import { createLog } from "../log.ts";
import { Loop } from "./loop.ts";

function setUp(run: (signal: AbortSignal) => Promise<unknown>, intervalMs: number | (() => number) = 1) {
  const lines: string[] = [];
  const rounds: unknown[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const loop = new Loop({
    name: "test loop",
    intervalMs,
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

it("goes on after a failed round, and logs it", async () => {
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

it("asks before every round how long to wait for it", async () => {
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

it("stop aborts the round that runs and waits for its end", async () => {
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

it("begins the next round as soon as one is asked for, and goes back to its interval then", async () => {
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

it("has another round when one is asked for while one runs: what that is about may have come too late for it", async () => {
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
