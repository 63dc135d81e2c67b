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
const CONTROL = { kind: "control" } as const;

function stack(over: Partial<Serving> = {}): Serving {
  return { kind: { factor: PROFILE.factor, replicas: 1 }, light: false, served: [], ...over };
}

/** What a stack serves one after the other, until nothing goes with it any more. */
function order(waiting: readonly Episode[], serving: Serving, others: readonly Serving[] = []): string[] {
  const left = [...waiting];
  const taken: string[] = [];
  for (let next = take(left, serving, others); next !== undefined; next = take(left, serving, others))
    taken.push(next.id);
  return taken;
}

test("what starts processes comes first, for it has to be done one after the other", () => {
  expect(order([episode("long"), episode("starts", STARTS)], stack())).toEqual(["starts", "long"]);
});

test("what starts processes comes last while another stack does, and is not left out", () => {
  const other = stack({ running: episode(BUSY_ELSEWHERE, STARTS) });
  expect(order([episode("starts", STARTS), episode("any", CONTROL)], stack(), [other])).toEqual(["any", "starts"]);
});

test("a light stack serves controls first and then the rest; another the other way round", () => {
  const other = stack({ running: episode(BUSY_ELSEWHERE, STARTS) });
  const waiting = [episode("fault"), episode("control", CONTROL)];
  expect(order(waiting, stack({ light: true }), [other])).toEqual(["control", "fault"]);
  expect(order(waiting, stack(), [other])).toEqual(["fault", "control"]);
});

test("what an earlier episode left in the metrics is waited for as long as there is something else", () => {
  const traces = { traces: "acknowledgements" } as const;
  const served = [{ episode: episode("before", traces), endedAtMs: Date.now() }];
  expect(order([episode("alike", traces), episode("other")], stack({ served }))).toEqual(["other", "alike"]);
});

test("nothing is taken that asks for another number of replicas or another timing", () => {
  const waiting = [episode("two", { replicas: 2 }), episode("slow", { profile: profileOf(10) }), episode("any")];
  expect(order(waiting, stack())).toEqual(["any"]);
});

test("one stack in four is a light one, and none of three", () => {
  expect([0, 1, 2, 3, 7].map(servesLightEpisodes)).toEqual([false, false, false, true, true]);
});
