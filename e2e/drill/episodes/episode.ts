import type { AlertName, TimingProfile } from "@mcp-orchestrator/alerts";
import type { LoadPlan } from "../../services/load/load.ts";
import type { DrillStack } from "../drillStack.ts";
import type { FaultContext } from "../faults/index.ts";
import type { Expectation } from "../judge/expectation.ts";
import type { Interval } from "../judge/incidents.ts";
import type { Budget, Held } from "../judge/prediction.ts";
import type { Timeline } from "../judge/timeline.ts";
import type { RunbookRunner } from "../runbooks/runbookRunner.ts";
import type { Watch } from "./watch.ts";

/** What an episode works with while it runs. */
export type EpisodeContext = {
  readonly drill: DrillStack;
  readonly faultContext: FaultContext;
  readonly watch: Watch;
  readonly timeline: Timeline;
  readonly runbooks: RunbookRunner;
  /**
   * Waits until the probe no longer throws.
   *
   * @throws UntilTimeoutError with what was seen last
   */
  wait(what: string, timeoutMs: number, probe: () => void | Promise<void>): Promise<void>;
  /** Lets Prometheus evaluate its rules for this long. */
  observe(durationMs: number): Promise<void>;
  /** Reports when Prometheus was down, epoch ms: a gap in its record is not the end of an alert. */
  hadScrapeGap(interval: Interval): void;
  /** Removes the fault when the episode ends, unless that has happened. */
  onEnd(undo: () => Promise<void>): void;
};

/** One episode: what is done, and what must follow. */
export type Episode = {
  readonly id: string;
  readonly title: string;
  readonly kind: "fault" | "baseline" | "telemetry";
  readonly expectation: Expectation;
  readonly load: LoadPlan;
  /** The timing of its stack. */
  readonly profile: TimingProfile;
  /** How many replicas it needs; any number if absent. */
  readonly replicas?: number;
  /** Set if the alerts on objectives are loaded. A fast burn inhibits the slow alert, so each kind has its own stacks. */
  readonly budgets?: "fast" | "slowly";
  /** About how long it takes under its profile. Episodes run longest first. */
  readonly expectedMs: number;
  readonly budget?: Budget;
  /** How long each expected alert is pending before it fires, and how often it is evaluated. */
  readonly held?: Readonly<Partial<Record<AlertName, Held>>>;
  /** Its windows, or what its runbook looks at, reach back further than an episode. */
  readonly needsFreshStack?: true;
  /** What it leaves in the metrics of the next minute. Another episode with the same traces waits. */
  readonly traces?: "acknowledgements";
  /** It starts processes. Such episodes run one at a time. */
  readonly startsProcesses?: true;
  run(context: EpisodeContext): Promise<void>;
};
