import { expect, test } from "vitest";
import type { DrillStack } from "./drillStack.ts";
import type { Script } from "./episodes/episode.ts";
import type { EpisodeResult } from "./episodeRun.ts";
import { runPool } from "./pool.ts";
import { profileOf } from "./judge/prediction.ts";

const PROFILE = profileOf(60);

function script(id: string, expectedMs: number, replicas?: number): Script {
  const needs = replicas === undefined ? {} : { replicas };
  const run = async () => {};
  return { id, title: id, kind: "control", expectation: {}, load: {}, profile: PROFILE, expectedMs, run, ...needs };
}

/** Runs them on stacks that are not there; an episode of those in `fail` fails. */
async function pool(scripts: readonly Script[], jobs: number, fail: readonly string[] = []) {
  const started: number[] = [];
  const running = new Set<Script>();
  let startersAtATime = 0;
  let disposed = 0;
  const results = await runPool(scripts, {
    jobs,
    startsAtATime: 1,
    signal: new AbortController().signal,
    startStack: async ({ kind: { replicas } }) => {
      started.push(replicas);
      const orchestrators = Array.from({ length: replicas });
      const stack = { keepLogs: () => {}, logs: "logs", orchestrators };
      const dispose = async () => {
        disposed += 1;
      };
      return { stack, [Symbol.asyncDispose]: dispose } as unknown as DrillStack;
    },
    run: async ({ stack }, script) => {
      const { id, replicas = stack.orchestrators.length } = script;
      expect(stack.orchestrators).toHaveLength(replicas);
      running.add(script);
      const starters = [...running].filter(({ startsProcesses }) => startsProcesses).length;
      startersAtATime = Math.max(startersAtATime, starters);
      await new Promise(setImmediate);
      running.delete(script);
      return { id, passed: !fail.includes(id) } as EpisodeResult;
    },
    onResult: () => {},
  });
  expect(disposed).toBe(started.length);
  return { started: started.toSorted(), ran: results.map(({ id }) => id), startersAtATime };
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
  const { started, ran } = await pool([...ONE, ...ANY], 1);
  expect(started).toEqual([1]);
  expect(ran).toEqual([..."defghij"]);
});

test("a stack on which something failed serves nothing more", async () => {
  const { started, ran } = await pool(ONE, 1, ["d"]);
  expect(started).toEqual([1, 1]);
  expect(ran).toEqual([..."defgh"]);
});

test("scripts that start processes run one at a time while there is something else to do", async () => {
  const starters = ["x", "y"].map((id) => ({ ...script(id, 20_000, 1), startsProcesses: true as const }));
  const { startersAtATime, ran } = await pool([...ONE, ...starters, ...ANY], 2);
  expect(startersAtATime).toBe(1);
  expect(ran).toEqual([..."defghxyij"]);
});

test("a stack for scripts with two replicas has two, also where one that would go with any is its first", async () => {
  const starters = [script("x", 30_000, 1), script("y", 30_000, 2)].map((one) => ({
    ...one,
    startsProcesses: true as const,
  }));
  expect((await pool([...starters, ...ANY], 2)).started).toEqual([1, 2]);
});

test("scripts that start processes run side by side rather than not at all", async () => {
  const starters = ["x", "y"].map((id) => ({ ...script(id, 20_000, 1), startsProcesses: true as const }));
  expect((await pool(starters, 2)).startersAtATime).toBe(2);
});
