import type { RedisServer } from "../../test/support/redisServer.ts";
import type { TargetId } from "../report/targets.ts";

/** The environment of a scenario. */
export type Context = {
  readonly server: RedisServer;
  readonly rounds: number;
  /** Measured tasks per round. */
  readonly tasks: number;
  /** True for a smoke test, whose figures are not significant. */
  readonly quick: boolean;
  /** Reports the progress. */
  readonly progress: (text: string) => void;
};

/** One figure, measured over the rounds for one or several columns. */
export type Row = {
  readonly label: string;
  readonly unit: string;
  /** Values by column, one per round. */
  readonly values: Readonly<Record<string, readonly number[]>>;
  /** Columns to compare: numerator and denominator. */
  readonly ratios: readonly (readonly [of: string, to: string])[];
};

export type Section = {
  readonly title: string;
  readonly rows: readonly Row[];
  /** Explanations of the figures. */
  readonly notes: readonly string[];
};

export type Outcome = {
  readonly section: Section;
  /** Measured values for the table of targets. */
  readonly targets: Partial<Record<TargetId, number>>;
};

export type Scenario = {
  readonly name: string;
  readonly about: string;
  run(context: Context): Promise<Outcome>;
};

/** One figure of each round, by column. */
export function columns<T>(
  results: Readonly<Record<string, readonly T[]>>,
  figure: (result: T) => number,
): Record<string, number[]> {
  return Object.fromEntries(Object.entries(results).map(([name, rounds]) => [name, rounds.map(figure)]));
}

/** A row that compares `ours` with each other column. */
export function comparePeers(label: string, unit: string, values: Record<string, number[]>): Row {
  const others = Object.keys(values).filter((name) => name !== "ours");
  return { label, unit, values, ratios: others.map((name) => ["ours", name] as const) };
}
