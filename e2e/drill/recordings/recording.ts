import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { ALERTS, BUNDLE, PRODUCTION, resolveBundle, type TimingProfile } from "@mcp-orchestrator/alerts";
import { isAlertingMetric } from "@mcp-orchestrator/alerts/promql";
import { type RawSeries, rawSamples } from "../judge/evidence.ts";
import type { Observation } from "../judge/observation.ts";
import { fold, type Slot } from "./fold.ts";

const FOLDER = fileURLToPath(new URL("../../recordings", import.meta.url));

/** What Prometheus scraped during a fault, stretched to production timing. */
export type Recording = {
  /** Id of the scenario. */
  readonly id: string;
  /**
   * From the fault to the firing alert at production timing: what the shipped rules do with these series. Absent until it is
   * measured.
   */
  readonly firesAfterSeconds?: number;
  /** The same before Prometheus 3.0, where it differs: a range includes a sample at its start there. */
  readonly firesAfterSecondsBefore3?: number;
  /** Number of scrapes until the fault, until its removal, and in all. */
  readonly scrapes: { readonly injected: number; readonly removed: number; readonly all: number };
  /** Values by series, in promtool's notation, one for each scrape. */
  readonly series: Readonly<Record<string, string>>;
};

const FIRST_PORT = 8000;
/** Name of a replica in a recording, counted from 0: addresses differ each time. */
const recordedInstance = (replica: number) => `orchestrator:${FIRST_PORT + replica}`;
/** The file of the rules in a recording. */
const RULE_FILE = "/etc/prometheus/mcp-orchestrator.rules.yml";
/** Values of labels in a recording that differ each time. The first replica has the faults. */
export const RECORDED_VALUES: Readonly<Record<string, string>> = {
  instance: recordedInstance(0),
  rule_group: `${RULE_FILE};mcp-orchestrator-added`,
};

/**
 * Counters that are compared with a threshold per second, which does not scale: they grow as much faster as time does.
 */
const COUNTED_PER_SECOND = ["mcp_worker_crashes_total"];

/**
 * Reads what an episode's Prometheus scraped of the metrics in the rules.
 *
 * @param prometheus its address, and those of the replicas in their order, as it scrapes them
 */
export async function record(
  id: string,
  { url, addresses }: { readonly url: string; readonly addresses: readonly string[] },
  { startedAtMs, injectedAtMs = startedAtMs, removedAtMs = startedAtMs, endedAtMs }: Observation,
  { factor, prometheus }: TimingProfile,
): Promise<Recording> {
  const slotOf = (atMs: number) => Math.round((atMs - startedAtMs) / prometheus.scrapeIntervalMs);
  const all = slotOf(endedAtMs);
  const found = await Promise.all(selectors().map((selector) => rawSamples(url, selector, startedAtMs, endedAtMs)));
  const series = found.flat().map((raw): [string, string] => {
    const scale = COUNTED_PER_SECOND.includes(raw.labels.__name__ ?? "") ? factor : 1;
    return [nameOf(raw, addresses), fold(slotsOf(raw, all, slotOf, scale))];
  });
  return {
    id,
    scrapes: { injected: slotOf(injectedAtMs), removed: slotOf(removedAtMs), all },
    series: Object.fromEntries(series.sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** Recordings are replayed with the rules that ship. */
export class RecordingError extends Error {
  readonly code = "RECORDING";
  readonly subject: string;

  constructor(setting: string) {
    super(`Recordings are made with the rules that ship, and ${setting} in bundle.config.ts changes them: drill without --record`);
    this.name = "RecordingError";
    this.subject = setting;
  }
}

/** @throws RecordingError if the bundle changes what a recording would show */
export function requireShippedRules(): void {
  const shipped = resolveBundle({});
  const changed = (["job", "selector", "scope", "thresholds"] as const).find(
    (setting) => !isDeepStrictEqual(BUNDLE[setting], shipped[setting]),
  );
  if (changed !== undefined) throw new RecordingError(changed);
}

/** Writes a recording into the folder of recordings. */
export async function keepRecording(recording: Recording): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, `${recording.id}.json`), `${JSON.stringify(recording, undefined, 2)}\n`);
}

/** Every recording in the folder. */
export function recordings(): Recording[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Recording);
}

/** Time of a scrape in a recording, in seconds at production timing. */
export const secondsAt = (scrape: number): number => (scrape * PRODUCTION.prometheus.scrapeIntervalMs) / 1000;

type Matcher = { readonly label: string; readonly operator: string; readonly value: string };
type Node = { readonly kind: string } & Readonly<Record<string, unknown>>;

/** The selectors in the expressions of the rules, without what other rules record. */
export function selectors(): string[] {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { kind, metric, matchers, writtenBy } = value as Node;
    if (kind === "selector" && writtenBy !== "rules") {
      const all = (matchers as readonly Matcher[]).map(({ label, operator, value: is }) => `${label}${operator}"${is}"`);
      found.add(`${metric}{${all.join(",")}}`);
    }
    for (const child of Object.values(value)) walk(child);
  };
  for (const { signal, expression } of ALERTS) {
    walk(expression);
    for (const one of signal === undefined ? [] : [...(signal.inputs ?? []), signal]) walk(one.expression);
  }
  return [...found];
}

function slotsOf({ samples }: RawSeries, all: number, slotOf: (atMs: number) => number, scale: number): Slot[] {
  const slots: Slot[] = Array.from({ length: all + 1 }, () => undefined);
  for (const { atMs, value } of samples) slots[slotOf(atMs)] = value * scale;
  return slots;
}

function nameOf({ labels }: RawSeries, addresses: readonly string[]): string {
  const { __name__: name = "", ...rest } = labels;
  const recorded = isAlertingMetric(name) ? ofAlerting(rest) : { ...rest, instance: replicaOf(rest.instance, addresses) };
  const pairs = Object.entries(recorded).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${name}{${pairs.map(([label, value]) => `${label}="${value}"`).join(", ")}}`;
}

function replicaOf(instance = "", addresses: readonly string[]): string {
  const replica = addresses.indexOf(instance);
  if (replica < 0) throw new RangeError(`${instance} is none of ${addresses.join(", ")}`);
  return recordedInstance(replica);
}

/** Where Prometheus and Alertmanager were and had their files differs each time. */
function ofAlerting({ instance: _, rule_group, ...rest }: Readonly<Record<string, string>>): Record<string, string> {
  return { ...rest, ...(rule_group === undefined ? {} : { rule_group: rule_group.replace(/^.*(?=;)/, RULE_FILE) }) };
}
