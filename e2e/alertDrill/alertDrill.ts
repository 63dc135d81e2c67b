import { randomBytes } from "node:crypto";
import { drillProfile, type RuleSource, type TimingProfile } from "@mcp-orchestrator/alerts";
import { type Inbox, startInbox } from "../services/inbox/server.ts";
import { RunFolder } from "../stack/runFolder.ts";
import { chooseRuntime } from "../stack/runtime/choose.ts";
import { type AlertmanagerServer, startAlertmanager } from "../stack/servers/alertmanager.ts";
import { type PrometheusServer, startPrometheus } from "../stack/servers/prometheus.ts";
import { freePort } from "../testkit/ports.ts";
import type { Runtime } from "../testkit/servers/runtime.ts";

export type AlertDrillOptions = {
  /** The rules, from `catalogueOf`. */
  readonly rules: RuleSource;
  /** Ports on this machine where the service serves `/metrics`. */
  readonly ports: readonly number[];
  /** The factor that divides every duration; 60 by default. */
  readonly factor?: number;
  /** By default the one that is available, or E2E_RUNTIME. */
  readonly runtime?: Runtime;
};

/**
 * A Prometheus with the rules, an Alertmanager with the routes of this project, and an inbox in place of its receivers.
 */
export type AlertDrill = AsyncDisposable & {
  readonly profile: TimingProfile;
  readonly rules: RuleSource;
  readonly prometheus: PrometheusServer;
  readonly alertmanager: AlertmanagerServer;
  readonly inbox: Inbox;
};

/**
 * Starts them, and waits until every target is scraped.
 *
 * @throws ServerStartError; NoRuntimeError
 */
export async function startAlertDrill(options: AlertDrillOptions): Promise<AlertDrill> {
  const { rules, ports, factor } = options;
  const profile = drillProfile(factor);
  const runtime = options.runtime ?? (await chooseRuntime());
  const fromServers = (port: number) => `${runtime.hostAddress}:${port}`;
  const parts = new AsyncDisposableStack();
  try {
    const folder = parts.use(new RunFolder(rules.bundle.job));
    const inbox = parts.use(await startInbox({ port: await freePort() }));
    const alertmanagerPort = await freePort();
    const alertmanager = parts.use(
      await startAlertmanager(runtime, folder, {
        ...{ port: alertmanagerPort, profile },
        inbox: `http://${fromServers(inbox.port)}`,
        routingKey: randomBytes(16).toString("hex"),
      }),
    );
    const prometheus = parts.use(
      await startPrometheus(runtime, folder, {
        ...{ port: await freePort(), profile, source: rules },
        targets: ports.map(fromServers),
        alertmanager: fromServers(alertmanagerPort),
      }),
    );
    await prometheus.startRules();
    return { profile, rules, prometheus, alertmanager, inbox, [Symbol.asyncDispose]: () => parts.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}
