import { expect, test } from "vitest";
import type { Episode } from "./episodes/episode.ts";
import { profileOf } from "./judge/prediction.ts";
import { type Serving, servesLightEpisodes, take } from "./schedule.ts";

const PROFILE = profileOf(60);
const BUSY_ELSEWHERE = "busy";

function episode(id: string, over: Partial<Episode> = {}): Episode {
  const run = async () => {};
  return { id, title: id, kind: "fault", expectation: {}, load: {}, profile: PROFILE, expectedMs: 1_000, run, ...over };
}

const STARTS = { startsProcesses: true } as const;
const BASELINE = { kind: "baseline" } as const;

function stack(over: Partial<Serving> = {}): Serving {
  return { kind: { factor: PROFILE.factor, replicas: 1 }, light: false, served: [], ...over };
}

/** What a stack serves, one episode after the other. */
function order(waiting: readonly Episode[], serving: Serving, others: readonly Serving[] = []): string[] {
  const left = [...waiting];
  const taken: string[] = [];
  for (let next = take(left, serving, others); next !== undefined; next = take(left, serving, others))
    taken.push(next.id);
  return taken;
}

test("episodes that start processes come first, one at a time", () => {
  expect(order([episode("long"), episode("starts", STARTS)], stack())).toEqual(["starts", "long"]);
});

test("they come last while another stack starts processes, and are not left out", () => {
  const other = stack({ running: episode(BUSY_ELSEWHERE, STARTS) });
  expect(order([episode("starts", STARTS), episode("any", BASELINE)], stack(), [other])).toEqual(["any", "starts"]);
});

test("a light stack serves baselines first and then the rest; another the other way round", () => {
  const other = stack({ running: episode(BUSY_ELSEWHERE, STARTS) });
  const waiting = [episode("fault"), episode("baseline", BASELINE)];
  expect(order(waiting, stack({ light: true }), [other])).toEqual(["baseline", "fault"]);
  expect(order(waiting, stack(), [other])).toEqual(["fault", "baseline"]);
});

test("an episode waits for the traces of an earlier one as long as there is another to run", () => {
  const traces = { traces: "acknowledgements" } as const;
  const served = [{ episode: episode("before", traces), endedAtMs: Date.now() }];
  expect(order([episode("alike", traces), episode("other")], stack({ served }))).toEqual(["other", "alike"]);
});

test("an episode with another number of replicas or another timing is not taken", () => {
  const waiting = [episode("two", { replicas: 2 }), episode("slow", { profile: profileOf(10) }), episode("any")];
  expect(order(waiting, stack())).toEqual(["any"]);
});

test("an episode that looks far back has a fresh stack, which then serves others", () => {
  const fresh = { needsFreshStack: true } as const;
  const waiting = [episode("long"), episode("one", fresh), episode("two", fresh)];
  const serving = stack();
  const first = take(waiting, serving, [serving]);
  expect(first?.id).toBe("one");
  serving.served.push({ episode: first as Episode, endedAtMs: 0 });
  expect(order(waiting, serving)).toEqual(["long"]);
});

test("one stack in three is a light one, and none of two", () => {
  expect([0, 1, 2, 3, 5].map(servesLightEpisodes)).toEqual([false, false, true, false, true]);
});
