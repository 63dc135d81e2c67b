import { afterAll, beforeAll, expect, test } from "vitest";
import { runCampaign } from "../../drill/campaign/campaign.ts";
import { drawSchedule } from "../../drill/campaign/draw.ts";
import { renderLine } from "../../drill/campaign/report.ts";
import type { ScheduleResult } from "../../drill/campaign/run.ts";
import { profileOf } from "../../drill/judge/prediction.ts";
import { chooseRuntime } from "../../stack/runtime/choose.ts";

/** A few schedules of random faults, side by side. `npm run drill -- --random` runs many. */

const SEEDS = [7, 21, 25];
const FACTOR = 60;
const BUDGET_MS = 300_000;

const outcomes = new Map(SEEDS.map((seed) => [`seed ${seed}`, Promise.withResolvers<ScheduleResult>()]));
const stop = new AbortController();
let campaign: Promise<unknown> = Promise.resolve();

beforeAll(async () => {
  const schedules = SEEDS.map((seed) => ({ name: `seed ${seed}`, schedule: drawSchedule(seed) }));
  const options = {
    runtime: await chooseRuntime(),
    ...{ profile: profileOf(FACTOR), jobs: SEEDS.length, budgetMs: BUDGET_MS, shrinkRuns: 0, folder: "" },
    signal: stop.signal,
  };
  campaign = runCampaign(schedules, options, {
    starting: () => {},
    ended: (result) => outcomes.get(result.name)?.resolve(result),
    shrinking: () => {},
  });
  campaign.catch((error: unknown) => {
    for (const { reject } of outcomes.values()) reject(error);
  });
});

afterAll(async () => {
  stop.abort(new Error("The suite has ended"));
  await campaign.catch(() => {});
}, BUDGET_MS);

test.each(SEEDS)(
  "what clients suffer is notified, and nothing else is: seed %i",
  async (seed) => {
    const result = await outcomes.get(`seed ${seed}`)?.promise;
    expect(result?.findings, result && renderLine(result)).toEqual([]);
  },
  BUDGET_MS,
);
