import { DRILL_FACTOR } from "@mcp-orchestrator/alerts";
import { SCENARIOS } from "./episodes/scenarios.ts";

/** A stack that has the machine for itself keeps up with twice the speed. */
export const FACTOR_ALONE = 120;

/**
 * By what a drill divides durations. Recordings are all of one scale.
 *
 * @param only what was asked for
 */
export function defaultFactor({ only, record }: { only: readonly string[]; record: boolean }): number {
  const oneAlert = SCENARIOS.some(
    ({ alert, id }) => only.length > 0 && only.every((name) => [alert, id].includes(name)),
  );
  return oneAlert && !record ? FACTOR_ALONE : DRILL_FACTOR;
}
