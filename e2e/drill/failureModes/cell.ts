import type { AlertName } from "@mcp-orchestrator/alerts";
import type { BaselineId } from "../episodes/healthyBaselines.ts";
import type { ScenarioId } from "../episodes/scenarios.ts";
import type { LossId } from "../episodes/telemetryEpisodes.ts";

/** The parts that can fail, in the order of the page. */
export const COMPONENTS = [
  "Redis",
  "Main process",
  "Worker processes of all types",
  "Workers of one type",
  "Upstream APIs",
  "Prometheus",
  "Alertmanager",
  "Receivers",
  "Network",
  "Clients",
  "Operators",
  "Clocks",
] as const;
export type Component = (typeof COMPONENTS)[number];

/** The ways to fail. */
export type Mode =
  | "crash"
  | "crash loop"
  | "hang"
  | "slow"
  | "wrong answer"
  | "partial"
  | "flapping"
  | "connections cut"
  | "failover"
  | "out of memory"
  | "out of disk"
  | "permission lost"
  | "gone from discovery"
  | "left-over switch"
  | "data lost"
  | "restart";

/** How a cell is known. Only the first two are faults that were really there. */
export type Proof =
  /** Episodes of the drill: their alerts, budgets and recordings are on the page. */
  | { readonly drilled: readonly (ScenarioId | LossId | BaselineId)[] }
  /** Faults of the random campaign that were alone for a schedule: what they fired is on the page. */
  | { readonly campaign: readonly string[] }
  /** Samples of an alert, by their names: the rules answer to these numbers, and no fault was injected. */
  | { readonly samples: Readonly<Partial<Record<AlertName, string>>> }
  /** A test of the service on real servers; its path from the root. */
  | { readonly test: string }
  /** It hurts no client: why. */
  | { readonly harmless: string }
  /** It is outside of what these alerts can see: why. */
  | { readonly excluded: string }
  /** Neither drilled nor shown. */
  | { readonly open: string };

/** What a failure of a component is, in one sentence, and how what follows is known. */
export type Cell = { readonly mode: Mode; readonly what: string; readonly proofs: readonly [Proof, ...Proof[]] };

export type Matrix = Readonly<Record<Component, readonly Cell[]>>;
