import type { TimingProfile } from "@mcp-orchestrator/alerts";
import type { LoadPlan } from "../../services/load/load.ts";
import type { DrillStack } from "../drillStack.ts";
import type { FaultContext } from "../faults/index.ts";
import type { Expectation } from "../judge/expectation.ts";
import type { Interval } from "../judge/incidents.ts";
import type { Budget } from "../judge/prediction.ts";
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
   * Looks until the probe no longer throws.
   *
   * @throws UntilTimeoutError with what was seen last
   */
  wait(what: string, timeoutMs: number, probe: () => void | Promise<void>): Promise<void>;
  /** Lets Prometheus evaluate its rules for this long. */
  observe(durationMs: number): Promise<void>;
  /** Prometheus was down from one moment to another, epoch ms: what it says of that time does not count as the end of anything. */
  hadScrapeGap(interval: Interval): void;
  /** Removes the fault when the episode ends, unless that has happened. */
  onEnd(undo: () => Promise<void>): void;
};

/** One episode: what is done, and what must come of it. */
export type Episode = {
  readonly id: string;
  readonly title: string;
  readonly kind: "fault" | "control" | "telemetry";
  readonly expectation: Expectation;
  readonly load: LoadPlan;
  /** The timing of its stack. */
  readonly profile: TimingProfile;
  /** How many replicas it needs; absent where any number will do. */
  readonly replicas?: number;
  /** How long it takes about, in milliseconds under its profile; longest first makes the whole drill shortest. */
  readonly expectedMs: number;
  readonly budget?: Budget;
  /** What queries over the last minute still show after it, so that one which looks at the same had better not follow. */
  readonly traces?: "acknowledgements";
  /** Whether it starts so many processes that another which does had better wait for its end. */
  readonly startsProcesses?: true;
  run(context: EpisodeContext): Promise<void>;
};
