import { resolveBundle } from "@mcp-orchestrator/alerts";
import { installationOf } from "../installation.ts";
import type { AlertmanagerApi, GrafanaApi, PrometheusApi } from "../servers.ts";
import type { CheckContext } from "./check.ts";

/** Answers of servers, by the methods that a check calls; any other call is an error. */
export type Answers = {
  readonly prometheus?: Partial<PrometheusApi>;
  readonly alertmanager?: Partial<AlertmanagerApi>;
  readonly grafana?: Partial<GrafanaApi>;
};

/** A context for unit tests, in which no time passes. */
export function checkContext(
  { prometheus = {}, alertmanager = {}, grafana }: Answers,
  config: object = {},
): CheckContext {
  return {
    installation: installationOf(resolveBundle(config)),
    prometheus: prometheus as PrometheusApi,
    alertmanager: alertmanager as AlertmanagerApi,
    grafana: grafana as GrafanaApi | undefined,
    bundledDeadman: false,
    pause: async () => {},
    follow: async () => 200,
  };
}
