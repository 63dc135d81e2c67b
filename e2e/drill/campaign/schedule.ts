import type { Lane } from "mcp-orchestrator/contract";
import type { TaskType } from "../../services/load/load.ts";

/** How much clients submit. */
export const RATES = ["busy", "moderate", "rare"] as const;

export type Traffic = {
  readonly rate: (typeof RATES)[number];
  readonly lanes: readonly Lane[];
  readonly types: readonly TaskType[];
};

/** One fault of a schedule. Minutes at production length, from the start of the schedule. */
export type PlannedFault = { readonly fault: string; readonly atMinute: number; readonly forMinutes: number };

/**
 * The plan of one run, as plain JSON: `single` is one fault that is held long, `several` overlap, `none` is a healthy baseline.
 */
export type Schedule = {
  readonly seed: number;
  readonly shape: "single" | "several" | "none";
  readonly replicas: number;
  readonly traffic: Traffic;
  readonly faults: readonly PlannedFault[];
};

/** How long a schedule lasts before the last fault is removed. Minutes at production length. */
export function lengthMinutes({ faults }: Pick<Schedule, "faults">): number {
  return Math.max(LEAST_MINUTES, ...faults.map(({ atMinute, forMinutes }) => atMinute + forMinutes));
}

/** Longer than windows and `for` of most rules, for a baseline. */
const LEAST_MINUTES = 20;

/** One line about a schedule. */
export function describeSchedule({ replicas, traffic, faults }: Schedule): string {
  const { rate, lanes, types } = traffic;
  const broken = faults.map(describeFault).join(", ") || "nothing is broken";
  return `${broken}; ${rate} traffic of ${types.join(", ")} (${lanes.join(", ")}); ${replicas} ${replicas === 1 ? "replica" : "replicas"}`;
}

/** A fault and its time. */
export function describeFault({ fault, atMinute, forMinutes }: PlannedFault): string {
  return `${fault} (minute ${atMinute} to ${atMinute + forMinutes})`;
}
