import { requestJson } from "../../testkit/http.ts";
import type { Labels } from "./prometheus.ts";

/** An alert as Alertmanager holds it. */
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

/** Alertmanager over its HTTP API. */
export class AlertmanagerClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** Everything that it holds, with silenced and inhibited alerts. */
  alerts(): Promise<readonly HeldAlert[]> {
    return requestJson(`${this.url}/api/v2/alerts`);
  }

  /** Silences what has these labels; returns the silence's id. */
  async silence(labels: Labels, durationMs: number): Promise<string> {
    const now = Date.now();
    const { silenceID } = await requestJson<{ silenceID: string }>(`${this.url}/api/v2/silences`, {
      json: {
        matchers: Object.entries(labels).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true })),
        startsAt: new Date(now).toISOString(),
        endsAt: new Date(now + durationMs).toISOString(),
        createdBy: "e2e",
        comment: "e2e",
      },
    });
    return silenceID;
  }
}
