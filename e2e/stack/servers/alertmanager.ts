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
import type { Bundle, TimingProfile } from "@mcp-orchestrator/alerts";
import { ALERTMANAGER_CONFIG, alertmanagerSpec } from "../../testkit/servers/alertmanager.ts";
import { AlertmanagerClient } from "../../testkit/servers/alertmanagerClient.ts";
import type { Place, RunningProgram, Runtime } from "../../testkit/servers/runtime.ts";
import type { RunFolder } from "../runFolder.ts";

const ROUTING_KEY_FILE = "pagerduty-routing-key";
const slackUrlFile = (receiver: SlackReceiver) => `${receiver}-url`;
const slackPath = (receiver: SlackReceiver) => `/slack/${receiver}`;

export type AlertmanagerOptions = {
  readonly port: number;
  readonly profile: TimingProfile;
  /** Base address of the inbox, as Alertmanager reaches it. */
  readonly inbox: string;
  /** PagerDuty's integration key. */
  readonly routingKey: string;
  /** The product's by default. */
  readonly bundle?: Bundle;
};

/** A running Alertmanager with its API. */
export class AlertmanagerServer extends AlertmanagerClient implements AsyncDisposable {
  readonly server: RunningProgram;
  readonly #inbox: string;
  readonly #config: string;

  constructor(server: RunningProgram, { inbox, config }: { readonly inbox: string; readonly config: string }) {
    super(`http://${server.host}:${server.port}`);
    this.server = server;
    this.#inbox = inbox;
    this.#config = config;
  }

  /** Sends the messages of a Slack receiver to another path of the inbox, or to its own again. It reads the file each time. */
  async setWebhook(receiver: SlackReceiver, path = slackPath(receiver)): Promise<void> {
    await this.server.write(slackUrlFile(receiver), `${this.#inbox}${path}`);
  }

  /** Gives it another configuration, or its own again. @throws HttpStatusError where it rejects that */
  async configure(config?: string): Promise<void> {
    await this.writeConfig(config);
    await this.reload();
  }

  /** The same, without loading it. */
  async writeConfig(config = this.#config): Promise<void> {
    await this.server.write(ALERTMANAGER_CONFIG, config);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }
}

/** Starts Alertmanager with the generated routing of a timing profile. The inbox is every receiver. */
export async function startAlertmanager(
  runtime: Runtime,
  folder: RunFolder,
  { port, profile, inbox, routingKey, bundle }: AlertmanagerOptions,
): Promise<AlertmanagerServer> {
  const flags: string[] = [];
  for (const flag of alertmanagerFlags(profile)) {
    if (await runtime.knows("alertmanager", flag.split("=")[0] as string)) flags.push(flag);
  }
  let config = "";
  const files = ({ configDir }: Place) => {
    config = renderAlertmanager(profile, endpointsFor(inbox, configDir), bundle);
    return {
      [ALERTMANAGER_CONFIG]: config,
      [ROUTING_KEY_FILE]: routingKey,
      ...Object.fromEntries(SLACK_RECEIVERS.map((name) => [slackUrlFile(name), `${inbox}${slackPath(name)}`])),
      ...templates(),
    };
  };
  const server = await runtime.start(alertmanagerSpec(port, { files, flags }), folder);
  return new AlertmanagerServer(server, { inbox, config });
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
