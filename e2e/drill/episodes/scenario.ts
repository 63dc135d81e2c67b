import type { AlertName, TimingProfile } from "@mcp-orchestrator/alerts";
import type { LoadPlan } from "../../services/load/load.ts";
import type { Script } from "./episode.ts";
import type { Expectation } from "../judge/expectation.ts";
import type { FaultInjection } from "../faults/index.ts";

/** A real fault, and everything that must come of it. */
export type Scenario = {
  readonly id: string;
  /** The alert that the fault is there to prove. */
  readonly alert: AlertName;
  readonly fault: FaultInjection;
  /** Whose runbooks are followed; the alert's own unless given. */
  readonly runbooks?: readonly AlertName[];
  /** What the runbook says against the fault undoes it. Others are healed from outside: an API comes back. */
  readonly healedByRunbook?: true;
  /** Every replica has one worker per type; one replica unless given. */
  readonly replicas?: number;
  readonly load: (profile: TimingProfile) => LoadPlan;
  readonly expectation: Expectation;
  /** From the fault until the condition holds, at production length: windows that have to fill, by hand. */
  readonly fillMs: number;
  /** What the service itself takes to show the fault, at any scale. */
  readonly reactionMs?: number;
  /** From the healing until the condition holds no more, at production length: windows that have to run empty. */
  readonly drainMs: number;
  /** What the service itself takes to recover, at any scale. */
  readonly recoveryMs?: number;
  readonly traces?: Script["traces"];
  readonly startsProcesses?: Script["startsProcesses"];
};
