import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AlertmanagerEndpoints,
  alertmanagerFlags,
  renderAlertmanager,
  SLACK_RECEIVERS,
  type SlackReceiver,
  TEMPLATES_FOLDER,
} from "@mcp-orchestrator/alertmanager";
import type { TimingProfile } from "@mcp-orchestrator/alerts";
import { ALERTMANAGER_CONFIG, alertmanagerSpec } from "../../testkit/servers/alertmanager.ts";
import { AlertmanagerClient } from "../../testkit/servers/alertmanagerClient.ts";
import type { Place, RunningProgram, Runtime } from "../../testkit/servers/runtime.ts";
import type { RunFolder } from "../runFolder.ts";

const ROUTING_KEY_FILE = "pagerduty-routing-key";
const slackUrlFile = (receiver: SlackReceiver) => `${receiver}-url`;

export type AlertmanagerOptions = {
  readonly port: number;
  readonly profile: TimingProfile;
  /** Base address of the inbox, as Alertmanager reaches it. */
  readonly inbox: string;
  /** What PagerDuty would call the integration key. */
  readonly routingKey: string;
};

/** A running Alertmanager and what can be asked of it. */
export class AlertmanagerServer extends AlertmanagerClient implements AsyncDisposable {
  readonly server: RunningProgram;

  constructor(server: RunningProgram) {
    super(`http://${server.host}:${server.port}`);
    this.server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

/** Starts Alertmanager with the generated routing of a timing profile; every receiver leads to the inbox. */
export async function startAlertmanager(
  runtime: Runtime,
  folder: RunFolder,
  { port, profile, inbox, routingKey }: AlertmanagerOptions,
): Promise<AlertmanagerServer> {
  const flags: string[] = [];
  for (const flag of alertmanagerFlags(profile)) {
    if (await runtime.knows("alertmanager", flag.split("=")[0] as string)) flags.push(flag);
  }
  const files = ({ configDir }: Place) => ({
    [ALERTMANAGER_CONFIG]: renderAlertmanager(profile, endpointsFor(inbox, configDir)),
    [ROUTING_KEY_FILE]: routingKey,
    ...Object.fromEntries(SLACK_RECEIVERS.map((name) => [slackUrlFile(name), `${inbox}/slack/${name}`])),
    ...templates(),
  });
  return new AlertmanagerServer(await runtime.start(alertmanagerSpec(port, { files, flags }), folder));
}

function endpointsFor(inbox: string, folder: string): AlertmanagerEndpoints {
  const slackUrlFiles = SLACK_RECEIVERS.map((name) => [name, `${folder}/${slackUrlFile(name)}`]);
  return {
    slackUrlFiles: Object.fromEntries(slackUrlFiles) as Record<SlackReceiver, string>,
    pagerduty: { url: `${inbox}/pagerduty/v2/enqueue`, routingKeyFile: `${folder}/${ROUTING_KEY_FILE}` },
    deadman: { url: `${inbox}/deadman` },
    templates: `${folder}/*.tmpl`,
  };
}

function templates(): Record<string, string> {
  const files = readdirSync(TEMPLATES_FOLDER).filter((file) => file.endsWith(".tmpl"));
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(TEMPLATES_FOLDER, file), "utf8")]));
}
