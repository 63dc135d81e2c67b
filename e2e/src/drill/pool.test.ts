import { expect, test } from "vitest";
import type { DrillStack } from "./drillStack.ts";
import type { EpisodeResult } from "./episode.ts";
import { runPool } from "./pool.ts";
import { profileOf } from "./prediction.ts";
import type { Script } from "./script.ts";

const PROFILE = profileOf(60);

function script(id: string, expectedMs: number, replicas?: number): Script {
  const needs = replicas === undefined ? {} : { replicas };
  const run = async () => {};
  return { id, title: id, kind: "control", expectation: {}, load: {}, profile: PROFILE, expectedMs, run, ...needs };
}

/** Runs them on stacks that are not there; an episode of those in `fail` fails. */
async function pool(scripts: readonly Script[], jobs: number, fail: readonly string[] = []) {
  const started: number[] = [];
  let disposed = 0;
  const results = await runPool(scripts, {
    jobs,
    startsAtATime: jobs,
    signal: new AbortController().signal,
    startStack: async ({ replicas = 1 }) => {
      started.push(replicas);
      const stack = { keepLogs: () => {}, logs: "logs" };
      const dispose = async () => {
        disposed += 1;
      };
      return { stack, [Symbol.asyncDispose]: dispose } as unknown as DrillStack;
    },
    run: async (_, { id }) => {
      await new Promise(setImmediate);
      return { id, passed: !fail.includes(id) } as EpisodeResult;
    },
    onResult: () => {},
  });
  expect(disposed).toBe(started.length);
  return { started: started.toSorted(), ran: results.map(({ id }) => id) };
}

const TWO = ["a", "b", "c"].map((id) => script(id, 30_000, 2));
const ONE = ["d", "e", "f", "g", "h"].map((id) => script(id, 20_000, 1));
const ANY = ["i", "j"].map((id) => script(id, 10_000));

test("scripts for two replicas share one stack, and every script is run once", async () => {
  const { started, ran } = await pool([...TWO, ...ONE, ...ANY], 3);
  expect(started).toEqual([1, 1, 2]);
  expect(ran).toEqual([..."abcdefghij"]);
});

test("one stack is enough for scripts that go together", async () => {
  expect(await pool([...ONE, ...ANY], 1)).toEqual({ started: [1], ran: [..."defghij"] });
});

test("a stack on which something failed serves nothing more", async () => {
  const { started, ran } = await pool(ONE, 1, ["d"]);
  expect(started).toEqual([1, 1]);
  expect(ran).toEqual([..."defgh"]);
});
