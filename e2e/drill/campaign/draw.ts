import fc from "fast-check";
import { BUILT_IN_TYPES, LANES } from "mcp-orchestrator/contract";
import { CAMPAIGN_FAULTS, type CampaignFault } from "./faults.ts";
import { type PlannedFault, RATES, type Schedule, type Traffic } from "./schedule.ts";

/** A single fault is held longer than the budget of most hurts, at times longer than that of all. */
const HELD_MINUTES = [32, 32, 32, 55] as const;
const SINGLE_AT_MINUTE = 2;
const MOST_FAULTS = 4;
const LAST_START_MINUTE = 12;
const MOST_REPLICAS = 2;

const names = [...CAMPAIGN_FAULTS.keys()];
const whole = (min: number, max: number) => fc.integer({ min, max });

const traffic: fc.Arbitrary<Traffic> = fc.record({
  rate: fc.constantFrom(...RATES),
  lanes: fc.constantFrom([...LANES], [...LANES], ...LANES.map((lane) => [lane])),
  types: fc.constantFrom(
    [...BUILT_IN_TYPES],
    [...BUILT_IN_TYPES],
    [...BUILT_IN_TYPES],
    ...BUILT_IN_TYPES.map((type) => [type]),
  ),
});

const single: fc.Arbitrary<readonly PlannedFault[]> = fc
  .record({
    fault: fc.constantFrom(...names),
    atMinute: fc.constant(SINGLE_AT_MINUTE),
    forMinutes: fc.constantFrom(...HELD_MINUTES),
  })
  .map((fault) => [fault]);

/** Faults of monitoring are not combined: without monitoring, a hurt may go unreported. */
const several: fc.Arbitrary<readonly PlannedFault[]> = fc
  .array(
    fc.record({
      fault: fc.constantFrom(...names.filter((name) => kindOf(name).telemetry !== true)),
      atMinute: whole(1, LAST_START_MINUTE),
      forMinutes: fc.oneof(whole(2, 12), whole(12, 30)),
    }),
    { minLength: 2, maxLength: MOST_FAULTS, size: "max" },
  )
  .map((faults) => apart(faults.toSorted((a, b) => a.atMinute - b.atMinute)));

const schedule = fc
  .tuple(
    // Single faults are the harder half: nothing else fires beside them.
    fc.constantFrom<Schedule["shape"]>("single", "single", "single", "several", "several", "several", "none"),
    fc.constantFrom(1, 1, MOST_REPLICAS),
    traffic,
  )
  .chain(([shape, replicas, drawnTraffic]) =>
    (shape === "single" ? single : shape === "several" ? several : fc.constant([])).map((faults) => ({
      shape,
      // Some faults need a second replica to be what they are called.
      replicas: Math.max(replicas, ...faults.map(({ fault }) => kindOf(fault).replicas ?? 1)),
      traffic: shape === "single" ? (faults.map((fault) => meeting(drawnTraffic, fault))[0] as Traffic) : drawnTraffic,
      faults,
    })),
  );

/** Draws the schedule of a seed, always the same. */
export function drawSchedule(seed: number): Schedule {
  const [drawn] = fc.sample(fc.noBias(schedule), { seed, numRuns: 1 });
  if (drawn === undefined) throw new Error("no schedule was drawn");
  return { seed, ...drawn };
}

/** One fault alone, under moderate traffic of every type and lane. @throws RangeError for an unknown fault */
export function holdAlone(fault: string): Schedule {
  const faults = [{ fault, atMinute: SINGLE_AT_MINUTE, forMinutes: HELD_MINUTES[0] }];
  const all: Traffic = { rate: "moderate", lanes: [...LANES], types: [...BUILT_IN_TYPES] };
  return { seed: 0, shape: "single", replicas: kindOf(fault).replicas ?? 1, traffic: all, faults };
}

/** Adds what a fault needs to be noticed at all: tasks of a type and lane that it hits. */
function meeting({ types, lanes, ...rest }: Traffic, { fault }: PlannedFault): Traffic {
  const hits = kindOf(fault).hits ?? { types };
  return {
    ...rest,
    types: types.some((type) => hits.types.includes(type)) ? types : [...types, ...hits.types],
    lanes: LANES.filter((lane) => lane === hits.lane || lanes.includes(lane)),
  };
}

/** Leaves out faults that overlap with another one of the same component. */
function apart(faults: readonly PlannedFault[]): PlannedFault[] {
  return faults.filter((fault, at) => !faults.slice(0, at).some((earlier) => collide(earlier, fault)));
}

function collide(one: PlannedFault, other: PlannedFault): boolean {
  const meet = one.atMinute < other.atMinute + other.forMinutes && other.atMinute < one.atMinute + one.forMinutes;
  return meet && kindOf(one.fault).needs === kindOf(other.fault).needs;
}

function kindOf(name: string): CampaignFault {
  const fault = CAMPAIGN_FAULTS.get(name);
  if (fault === undefined) throw new RangeError(`There is no fault ${name}`);
  return fault;
}
