import { expect, test } from "vitest";
import type { DrillStack } from "./drillStack.ts";
import type { EpisodeResult } from "./episodeRun.ts";
import type { Episode } from "./episodes/episode.ts";
import { profileOf } from "./judge/prediction.ts";
import { runPool } from "./pool.ts";

const PROFILE = profileOf(60);

function episode(id: string, expectedMs: number, replicas?: number): Episode {
  const needs = replicas === undefined ? {} : { replicas };
  const run = async () => {};
  return { id, title: id, kind: "baseline", expectation: {}, load: {}, profile: PROFILE, expectedMs, run, ...needs };
}

/** Runs them on stacks that are not there; an episode of those in `fail` fails. */
async function pool(episodes: readonly Episode[], jobs: number, fail: readonly string[] = []) {
  const started: number[] = [];
  const running = new Set<Episode>();
  let startersAtATime = 0;
  let disposed = 0;
  const results = await runPool(episodes, {
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
    run: async ({ stack }, episode) => {
      const { id, replicas = stack.orchestrators.length } = episode;
      expect(stack.orchestrators).toHaveLength(replicas);
      running.add(episode);
      const starters = [...running].filter(({ startsProcesses }) => startsProcesses).length;
      startersAtATime = Math.max(startersAtATime, starters);
      await new Promise(setImmediate);
      running.delete(episode);
      return { id, passed: !fail.includes(id) } as EpisodeResult;
    },
    notStarted: (_, error) => {
      throw error;
    },
    onResult: () => {},
  });
  expect(disposed).toBe(started.length);
  return { started: started.toSorted(), ran: results.map(({ id }) => id), startersAtATime };
}

const TWO = ["a", "b", "c"].map((id) => episode(id, 30_000, 2));
const ONE = ["d", "e", "f", "g", "h"].map((id) => episode(id, 20_000, 1));
const ANY = ["i", "j"].map((id) => episode(id, 10_000));

test("episodes for two replicas share one stack, and every episode is run once", async () => {
  const { started, ran } = await pool([...TWO, ...ONE, ...ANY], 3);
  expect(started).toEqual([1, 1, 2]);
  expect(ran).toEqual([..."abcdefghij"]);
});

test("one stack is enough for compatible episodes", async () => {
  const { started, ran } = await pool([...ONE, ...ANY], 1);
  expect(started).toEqual([1]);
  expect(ran).toEqual([..."defghij"]);
});

test("a stack on which an episode failed is not used again", async () => {
  const { started, ran } = await pool(ONE, 1, ["d"]);
  expect(started).toEqual([1, 1]);
  expect(ran).toEqual([..."defgh"]);
});

test("episodes that start processes run one at a time while there is something else to do", async () => {
  const starters = ["x", "y"].map((id) => ({ ...episode(id, 20_000, 1), startsProcesses: true as const }));
  const { startersAtATime, ran } = await pool([...ONE, ...starters, ...ANY], 2);
  expect(startersAtATime).toBe(1);
  expect(ran).toEqual([..."defghxyij"]);
});

test("a stack for episodes with two replicas has two, even if its first episode needs only one", async () => {
  const starters = [episode("x", 30_000, 1), episode("y", 30_000, 2)].map((one) => ({
    ...one,
    startsProcesses: true as const,
  }));
  expect((await pool([...starters, ...ANY], 2)).started).toEqual([1, 2]);
});

test("episodes that start processes run side by side rather than not at all", async () => {
  const starters = ["x", "y"].map((id) => ({ ...episode(id, 20_000, 1), startsProcesses: true as const }));
  expect((await pool(starters, 2)).startersAtATime).toBe(2);
});
