import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { drawSchedule } from "../../chaos/draw.ts";
import { runSchedule } from "../../chaos/run.ts";

/** A few schedules of the campaign, chosen for the faults that they hold together. `npm run test:chaos` runs many. */
const SEEDS = [6, 26, 64];

const folder = mkdtempSync(join(tmpdir(), "chaos-logs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.for(SEEDS)("the schedule of seed %i breaks no promise", async (seed, { signal }) => {
  const { violations, accepted } = await runSchedule(drawSchedule(seed), {
    logs: join(folder, String(seed)),
    stretch: 1,
    signal,
  });
  expect(violations).toEqual([]);
  expect(accepted).toBeGreaterThan(0);
});
