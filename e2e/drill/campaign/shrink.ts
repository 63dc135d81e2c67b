import { shrinkList } from "../../testkit/shrinkList.ts";
import type { Finding } from "./oracle/oracle.ts";
import type { Schedule } from "./schedule.ts";

/**
 * Leaves out the faults that a failure does not need. A smaller schedule shows the same failure if one of the kinds of findings is
 * there again.
 *
 * @param findings of the whole schedule
 * @param run what a smaller schedule finds; undefined if nothing more may run
 * @param mostRuns of smaller schedules
 */
export async function shrink(
  schedule: Schedule,
  findings: readonly Finding[],
  run: (smaller: Schedule, runsLeft: number) => Promise<readonly Finding[] | undefined>,
  mostRuns: number,
): Promise<Schedule> {
  const kinds = new Set(findings.map(({ kind }) => kind));
  kinds.delete("notRun");
  const budget = { left: mostRuns };
  const faults = await shrinkList(
    schedule.faults,
    async (candidate) => {
      const found = await run({ ...schedule, faults: candidate }, budget.left);
      if (found === undefined) budget.left = 0;
      return found?.some(({ kind }) => kinds.has(kind)) ?? false;
    },
    budget,
  );
  return { ...schedule, faults };
}
