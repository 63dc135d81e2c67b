import type { AlertName, TimingProfile } from "@mcp-orchestrator/alerts";
import type { LoadPlan } from "../../services/load/load.ts";
import type { FaultInjection } from "../faults/index.ts";
import type { Expectation } from "../judge/expectation.ts";
import type { FaultTiming } from "../judge/prediction.ts";
import type { Episode } from "./episode.ts";

/** A real fault, and everything that must come of it. */
export type Scenario = FaultTiming & {
  readonly id: string;
  readonly fault: FaultInjection;
  /** Whose runbooks are followed; the alert's own unless given. */
  readonly runbooks?: readonly AlertName[];
  /** The commands of the runbook fix it. Other faults are removed from outside: an API comes back. */
  readonly fixedByRunbook?: true;
  /** Every replica has one worker per type; one replica unless given. */
  readonly replicas?: number;
  readonly load: (profile: TimingProfile) => LoadPlan;
  readonly expectation: Expectation;
  readonly traces?: Episode["traces"];
  readonly startsProcesses?: Episode["startsProcesses"];
};
