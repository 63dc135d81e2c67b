import { backlog } from "./backlog.ts";
import { enqueue } from "./enqueue.ts";
import { latency } from "./latency.ts";
import { mixedLanes } from "./mixedLanes.ts";
import { observing } from "./observing.ts";
import { processing } from "./process.ts";
import { recovery } from "./recovery.ts";
import { rules } from "./rules.ts";
import type { Scenario } from "./scenario.ts";

/** In the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  enqueue,
  processing,
  latency,
  mixedLanes,
  backlog,
  recovery,
  observing,
  rules,
];
