import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ALERTS, PRODUCTION, type TimingProfile } from "@mcp-orchestrator/alerts";
import { type RawSeries, rawSamples } from "../judge/evidence.ts";
import type { Observation } from "../judge/observation.ts";
import { fold, type Slot } from "./notation.ts";

const FOLDER = fileURLToPath(new URL("../../recordings", import.meta.url));

/** What Prometheus scraped in the course of a fault, stretched to production timing. */
export type Recording = {
  /** Id of the scenario. */
  readonly id: string;
  /** Number of scrapes until the fault, until its removal, and in all. */
  readonly scrapes: { readonly injected: number; readonly removed: number; readonly all: number };
  /** By series: what it did, in promtool's notation, one value for each scrape. */
  readonly series: Readonly<Record<string, string>>;
};

const FIRST_PORT = 8000;
/** Address of a replica in a recording, counted from 0: that of the stack differs each time. */
const recordedInstance = (replica: number) => `orchestrator:${FIRST_PORT + replica}`;
/** The first replica, which is the one that faults are done to. */
export const RECORDED_INSTANCE = recordedInstance(0);

/** Compared with a threshold per second, which does not scale: the counter has to grow as much faster as time does. */
const COUNTED_PER_SECOND = ["mcp_worker_crashes_total"];

/**
 * Reads what an episode's Prometheus scraped of the metrics that the rules look at.
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

/** Keeps a recording with the others. */
export async function keepRecording(recording: Recording): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, `${recording.id}.json`), `${JSON.stringify(recording, undefined, 2)}\n`);
}

/** Every recording that is kept. */
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

/** What the rules read of the service: the selectors in their expressions, without what other rules record. */
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
  const { __name__: name = "", instance = "", ...rest } = labels;
  const replica = addresses.indexOf(instance);
  if (replica < 0) throw new RangeError(`${name} is of ${instance}, which is none of ${addresses.join(", ")}`);
  const pairs = Object.entries({ ...rest, instance: recordedInstance(replica) }).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${name}{${pairs.map(([label, value]) => `${label}="${value}"`).join(", ")}}`;
}
