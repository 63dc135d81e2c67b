import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { BUNDLE } from "@mcp-orchestrator/alerts";
import { Command, InvalidArgumentError } from "commander";
import { examine } from "./doctor/examine.ts";
import { inNamespace, installationOf } from "./doctor/installation.ts";
import { asJson, asText, isWell } from "./doctor/report.ts";
import { type Address, AlertmanagerApi, GrafanaApi, PrometheusApi } from "./doctor/servers.ts";

import { ROOT } from "./provision/command.ts";

/** `npm run doctor`: compares the servers of an installation with `bundle.config.ts`. */

const LINK_TIMEOUT_MS = 10_000;
const EXIT = { well: 0, problems: 1, usage: 2 } as const;

type Options = {
  readonly prometheus: string;
  readonly alertmanager: string;
  readonly grafana?: string;
  readonly prometheusTokenFile?: string;
  readonly alertmanagerTokenFile?: string;
  readonly grafanaTokenFile?: string;
  readonly tenant?: string;
  readonly namespace?: string;
  readonly json?: boolean;
};

const { bundle } = installationOf(BUNDLE);
const program = new Command("npm run doctor --")
  .description(
    "Asks the servers of an installation whether alerts of this service can fire and reach their receivers, by what\n" +
      "bundle.config.ts (or BUNDLE_CONFIG) describes. It changes nothing.",
  )
  .requiredOption("--prometheus <url>", "Prometheus, Mimir or Thanos", address, bundle.links.prometheus)
  .requiredOption("--alertmanager <url>", "Alertmanager", address, bundle.links.alertmanager)
  .option("--grafana <url>", "Grafana; its dashboards are compared with the generated ones", address)
  .option("--prometheus-token-file <path>", "file with a bearer token for Prometheus")
  .option("--alertmanager-token-file <path>", "file with a bearer token for Alertmanager")
  .option("--grafana-token-file <path>", "file with a token of a Grafana service account (Viewer)")
  .option("--tenant <id>", "tenant of Mimir, sent to Prometheus and Alertmanager as X-Scope-OrgID")
  .option("--namespace <name>", "namespace that an overlay of the Kubernetes manifests has in place of the bundle's")
  .option("--json", "print the findings as JSON")
  .addHelpText(
    "after",
    "\nWhere heartbeats failed before, it waits for the next one: up to 75 s." +
      "\nExit codes: 0 no problem (perhaps warnings), 1 at least one problem, 2 usage",
  )
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.well : EXIT.usage));

const options = program.parse().opts<Options>();
const tenant = options.tenant === undefined ? {} : { "X-Scope-OrgID": options.tenant };
const { namespace } = options;
if (namespace !== undefined && bundle.deployment !== "kubernetes") {
  program.error('--namespace needs `deployment: "kubernetes"` in bundle.config.ts.');
}
const sections = await examine({
  installation: installationOf(namespace === undefined ? BUNDLE : inNamespace(BUNDLE, namespace)),
  prometheus: new PrometheusApi(server(options.prometheus, options.prometheusTokenFile, tenant)),
  alertmanager: new AlertmanagerApi(server(options.alertmanager, options.alertmanagerTokenFile, tenant)),
  grafana:
    options.grafana === undefined ? undefined : new GrafanaApi(server(options.grafana, options.grafanaTokenFile)),
  bundledDeadman: bundle.deployment === "compose" && !existsSync(join(ROOT, "secrets", "deadman-url")),
  pause,
  follow: async (url) => {
    const response = await fetch(url, { signal: AbortSignal.timeout(LINK_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.status;
  },
});
process.stdout.write(options.json ? asJson(sections) : asText(sections));
process.exitCode = isWell(sections) ? EXIT.well : EXIT.problems;

function server(url: string, tokenFile: string | undefined, headers: Record<string, string> = {}): Address {
  if (tokenFile === undefined) return { url, headers };
  return { url, headers: { ...headers, Authorization: `Bearer ${readToken(tokenFile)}` } };
}

function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    return program.error((error as Error).message);
  }
}

function address(text: string): string {
  if (!URL.canParse(text) || !/^https?:/.test(text))
    throw new InvalidArgumentError("must be an http or https address.");
  return text;
}
