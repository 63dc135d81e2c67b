import { BUNDLE } from "@mcp-orchestrator/alerts";
import type { Notification, Rejection } from "../../services/inbox/notification.ts";
import type { Stack } from "../../stack/stack.ts";
import { requestJson } from "../../testkit/http.ts";
import { ALWAYS_FIRING } from "./expectation.ts";
import { type AlertSeries, type Interval, incidentsOf } from "./incidents.ts";
import type { Incident } from "./observation.ts";

/** What a stack recorded. */
export type Evidence = {
  readonly incidents: readonly Incident[];
  readonly notifications: readonly Notification[];
  readonly rejections: readonly Rejection[];
};

/** Reads Prometheus' record of its alerts and every notification in the inbox. */
export async function collectEvidence(
  stack: Stack,
  sinceMs: number,
  sinceSeq: number,
  scrapeGaps: readonly Interval[],
): Promise<Evidence> {
  const series = await alertSeries(stack.prometheus.url, sinceMs, Date.now());
  // An alert that was gone for longer than this is another incident.
  const goneAfterMs = 4 * stack.profile.prometheus.evaluationIntervalMs;
  return {
    incidents: incidentsOf(series, goneAfterMs, scrapeGaps).filter(({ alertname }) => alertname !== ALWAYS_FIRING),
    notifications: stack.inbox.store.list(sinceSeq),
    rejections: stack.inbox.store.rejected().filter(({ receivedAtMs }) => receivedAtMs >= sinceMs),
  };
}

type Matrix = { data: { result: { metric: Record<string, string>; values: [number, string][] }[] } };

/** Every raw sample of `ALERTS` in an interval, so that no short alert is missed. */
async function alertSeries(url: string, fromMs: number, toMs: number): Promise<AlertSeries[]> {
  return (await rawSamples(url, "ALERTS", fromMs, toMs)).map(({ labels, samples }) => ({
    labels,
    timesMs: samples.map(({ atMs }) => atMs),
  }));
}

/** One series with its raw samples. */
export type RawSeries = {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly { readonly atMs: number; readonly value: number }[];
};

/**
 * Every raw sample of a selector between two moments.
 *
 * @param url of Prometheus
 */
export async function rawSamples(url: string, selector: string, fromMs: number, toMs: number): Promise<RawSeries[]> {
  const rangeMs = Math.max(1, Math.round(toMs - fromMs));
  const parameters = new URLSearchParams({ query: `${selector}[${rangeMs}ms]`, time: String(toMs / 1000) });
  const { data } = await requestJson<Matrix>(`${url}/api/v1/query?${parameters}`, { timeoutMs: 30_000 });
  return data.result.map(({ metric, values }) => ({
    labels: metric,
    samples: values.map(([seconds, value]) => ({ atMs: Math.round(seconds * 1000), value: Number(value) })),
  }));
}

/** How many scrapes of the service have failed since a moment. */
export async function scrapesMissed(url: string, sinceMs: number): Promise<number> {
  const up = await rawSamples(url, `up{job="${BUNDLE.job}"}`, sinceMs, Date.now());
  return up.flatMap(({ samples }) => samples).filter(({ value }) => value === 0).length;
}
