import { request, requestJson } from "../http.ts";
import type { Labels } from "./prometheusClient.ts";

/** An alert as Prometheus sends it. */
export type PostedAlert = {
  readonly labels: Labels;
  readonly annotations?: Labels;
  readonly startsAt?: string;
  readonly endsAt?: string;
  readonly generatorURL?: string;
};

/** An alert as Alertmanager returns it. */
export type HeldAlert = {
  readonly labels: Labels;
  readonly fingerprint: string;
  readonly receivers: readonly { readonly name: string }[];
  readonly status: {
    readonly state: "unprocessed" | "active" | "suppressed";
    readonly inhibitedBy: readonly string[];
    readonly silencedBy: readonly string[];
  };
};

/** Alertmanager's HTTP API. */
export class AlertmanagerClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** Posts alerts like Prometheus. */
  async post(alerts: readonly PostedAlert[]): Promise<void> {
    await request(`${this.url}/api/v2/alerts`, { json: alerts });
  }

  /** All its alerts, with silenced and inhibited ones. */
  alerts(): Promise<readonly HeldAlert[]> {
    return requestJson(`${this.url}/api/v2/alerts`);
  }

  /** Silences alerts with these labels; returns the silence's id. */
  async silence(labels: Labels, durationMs: number): Promise<string> {
    const now = Date.now();
    const { silenceID } = await requestJson<{ silenceID: string }>(`${this.url}/api/v2/silences`, {
      json: {
        matchers: Object.entries(labels).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true })),
        startsAt: new Date(now).toISOString(),
        endsAt: new Date(now + durationMs).toISOString(),
        createdBy: "test",
        comment: "test",
      },
    });
    return silenceID;
  }

  /** Whether it accepted the last configuration that it was to load. */
  async hasAccepted(): Promise<boolean> {
    return /^alertmanager_config_last_reload_successful 1$/m.test(await request(`${this.url}/metrics`));
  }

  /** Reloads its configuration. */
  async reload(): Promise<void> {
    await request(`${this.url}/-/reload`, { method: "POST" });
  }
}
