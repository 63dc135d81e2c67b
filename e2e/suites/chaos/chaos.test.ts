import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { drawSchedule } from "../../chaos/draw.ts";
import { runSchedule } from "../../chaos/run.ts";

/** A few schedules, chosen for their combinations of faults. `npm run test:chaos` runs many. */
const SEEDS = [6, 26, 64];

const { path: folder, remove } = mkdtempDisposableSync(join(tmpdir(), "chaos-logs-"));
afterAll(remove);

test.for(SEEDS)("the schedule of seed %i violates no property", async (seed, { signal }) => {
  const { violations, accepted } = await runSchedule(drawSchedule(seed), {
    logs: join(folder, String(seed)),
    stretch: 1,
    signal,
  });
  expect(violations).toEqual([]);
  expect(accepted).toBeGreaterThan(0);
});
