import type { AlertName, TimingProfile } from "@mcp-orchestrator/alerts";
import type { LoadPlan } from "../../services/load/load.ts";
import type { DrilledFaultId } from "../faults/index.ts";
import type { Expectation } from "../judge/expectation.ts";
import type { FaultTiming } from "../judge/prediction.ts";
import type { Episode } from "./episode.ts";

/** A real fault and all its consequences. */
export type Scenario = FaultTiming & {
  readonly id: string;
  readonly fault: DrilledFaultId;
  /** Alerts whose runbooks are followed; the alert's own if absent. */
  readonly runbooks?: readonly AlertName[];
  /** Set if the commands of the runbook fix it. Other faults are removed from outside, such as an API that recovers. */
  readonly fixedByRunbook?: true;
  /** Replicas with one worker per type each; 1 if absent. */
  readonly replicas?: number;
  readonly load: (profile: TimingProfile) => LoadPlan;
  readonly expectation: Expectation;
  readonly budgets?: Episode["budgets"];
  readonly traces?: Episode["traces"];
  readonly startsProcesses?: Episode["startsProcesses"];
};
