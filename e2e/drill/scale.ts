import { DRILL_FACTOR } from "@mcp-orchestrator/alerts";
import { SCENARIOS } from "./episodes/scenarios.ts";

/** A stack that has the machine for itself can run twice as fast. */
export const FACTOR_ALONE = 120;

/**
 * The factor by which a drill divides durations. All recordings have the same factor.
 * @param only the requested alerts and episodes
 */
export function defaultFactor({ only, record }: { only: readonly string[]; record: boolean }): number {
  const oneAlert = SCENARIOS.some(
    ({ alert, id }) => only.length > 0 && only.every((name) => [alert, id].includes(name)),
  );
  return oneAlert && !record ? FACTOR_ALONE : DRILL_FACTOR;
}
