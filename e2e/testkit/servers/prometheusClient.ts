import { request, requestJson } from "../http.ts";
import { until } from "../until.ts";

export type Labels = Readonly<Record<string, string>>;

/** One series of an instant query. */
export type Sample = { readonly labels: Labels; readonly value: number };

/** A pending or firing alert in Prometheus. */
export type ActiveAlert = {
  readonly name: string;
  readonly state: "pending" | "firing";
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly activeAtMs: number;
  readonly value: number;
};

export type AlertState = ActiveAlert["state"] | "inactive";

/** The state that was seen instead of the awaited one. */
class StateError extends Error {}

/** Prometheus' HTTP API. */
export class PrometheusClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** An instant query. */
  async query(expression: string): Promise<readonly Sample[]> {
    const parameters = new URLSearchParams({ query: expression });
    const { result } = await this.#get<{ result: { metric: Labels; value: [number, string] }[] }>(
      `query?${parameters}`,
    );
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** Every sample of the single series of a range selector: epoch seconds and value. */
  async samples(rangeSelector: string): Promise<readonly { readonly at: number; readonly value: number }[]> {
    const parameters = new URLSearchParams({ query: rangeSelector });
    const { result } = await this.#get<{ result: { values: [number, string][] }[] }>(`query?${parameters}`);
    return (result[0]?.values ?? []).map(([at, value]) => ({ at, value: Number(value) }));
  }

  /** The values of a metric of Prometheus itself. */
  async ownMetric(name: string): Promise<number[]> {
    const text = await request(`${this.url}/metrics`);
    return [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"))].map(([, value]) => Number(value));
  }

  /** Every alert that is pending or firing. */
  async alerts(): Promise<readonly ActiveAlert[]> {
    type Raw = Pick<ActiveAlert, "state" | "labels" | "annotations"> & { activeAt: string; value: string };
    const { alerts } = await this.#get<{ alerts: Raw[] }>("alerts");
    return alerts.map(({ state, labels, annotations, activeAt, value }) => ({
      ...{ name: labels.alertname ?? "", state, labels, annotations },
      ...{ activeAtMs: Date.parse(activeAt), value: Number(value) },
    }));
  }

  /** Names of the rules that are loaded. */
  async ruleNames(): Promise<readonly string[]> {
    const { groups } = await this.#get<{ groups: { rules: { name: string }[] }[] }>("rules");
    return groups.flatMap(({ rules }) => rules.map(({ name }) => name));
  }

  /** Health of every scrape target by its address; of one job or of all. */
  async targets(job?: string): Promise<ReadonlyMap<string, string>> {
    type Target = { labels: Labels; health: string };
    const { activeTargets } = await this.#get<{ activeTargets: Target[] }>("targets?state=active");
    const wanted = activeTargets.filter(({ labels }) => job === undefined || labels.job === job);
    return new Map(wanted.map(({ labels, health }) => [labels.instance ?? "", health]));
  }

  /**
   * Waits until an alert with these labels is in a state; `inactive` is when there is none.
   *
   * @returns the alert; undefined for `inactive`
   * @throws UntilTimeoutError with all alerts that were active last
   */
  waitForAlert(
    name: string,
    state: AlertState,
    { timeoutMs, labels = {}, signal }: { timeoutMs: number; labels?: Labels; signal?: AbortSignal },
  ): Promise<ActiveAlert | undefined> {
    const options = signal === undefined ? { timeoutMs } : { timeoutMs, signal };
    return until(`${name} to be ${state}`, options, async () => {
      const active = await this.alerts();
      const mine = active.filter((alert) => alert.name === name && matches(alert.labels, labels));
      if (state === "inactive" && mine.length === 0) return undefined;
      const found = mine.find((alert) => alert.state === state);
      if (found === undefined) throw new StateError(`active alerts: ${active.map(describe).join(", ") || "none"}`);
      return found;
    });
  }

  /**
   * Waits until this many targets were scraped with success. A started Prometheus looks for its targets every five
   * seconds, at any scrape interval.
   *
   * @throws UntilTimeoutError
   */
  async waitForTargets(
    count: number,
    timeoutMs: number,
    { job, signal }: { readonly job?: string; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const options = { timeoutMs, ...(signal === undefined ? {} : { signal }) };
    await until(`${count} healthy scrape targets`, options, async () => {
      const targets = await this.targets(job);
      const up = [...targets.values()].filter((health) => health === "up").length;
      if (up !== count) throw new StateError(JSON.stringify(Object.fromEntries(targets)));
    });
  }

  /** Reloads its configuration and rules. */
  async reload(): Promise<void> {
    await request(`${this.url}/-/reload`, { method: "POST" });
  }

  async #get<T>(path: string): Promise<T> {
    return (await requestJson<{ data: T }>(`${this.url}/api/v1/${path}`)).data;
  }
}

function matches(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

function describe({ name, state, labels, value }: ActiveAlert): string {
  const subject = labels.queue ?? labels.type;
  return `${name}${subject === undefined ? "" : `{${subject}}`} ${state} at ${value}`;
}
