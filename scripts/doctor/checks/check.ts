import type { Finding } from "../finding.ts";
import type { Installation } from "../installation.ts";
import type { AlertmanagerApi, GrafanaApi, PrometheusApi } from "../servers.ts";

/** What a check works with. */
export type CheckContext = {
  readonly installation: Installation;
  readonly prometheus: PrometheusApi;
  readonly alertmanager: AlertmanagerApi;
  readonly grafana: GrafanaApi | undefined;
  /** Whether the heartbeat goes to the bundled inbox, because no dead man's switch is configured. */
  readonly bundledDeadman: boolean;
  /** Waits for some milliseconds. */
  readonly pause: (durationMs: number) => Promise<unknown>;
  /** Status of a link's address, after redirects. */
  readonly follow: (url: string) => Promise<number>;
};

/** A server that a check needs. Without an answer of it the check is skipped. */
export type ServerName = "prometheus" | "alertmanager" | "grafana";

/** A group of findings about one subject. */
export type Check = {
  readonly title: string;
  readonly asks: readonly ServerName[];
  examine(context: CheckContext): Promise<readonly Finding[]>;
};
