import { BUNDLE, type Bundle } from "@mcp-orchestrator/alerts";

/** Receivers that post to Slack. */
export const SLACK_RECEIVERS = ["team-platform", "slack-critical", "slack-warnings"] as const;

export type SlackReceiver = (typeof SLACK_RECEIVERS)[number];

/** Every receiver of the configuration. */
export const RECEIVERS = [...SLACK_RECEIVERS, "pagerduty", "deadman"] as const;

export type ReceiverName = (typeof RECEIVERS)[number];

/**
 * The oldest release that reads a configuration. Every release reads the one for 0.25; the one for 0.30 has addresses
 * in files and names of inhibitions.
 */
export type ConfigRelease = "0.25" | "0.30";

/** Where notifications go. Secrets are named by their files and never written into the configuration. */
export type AlertmanagerEndpoints = {
  /** Files with the incoming webhook's address, one per Slack receiver. */
  readonly slackUrlFiles: Readonly<Record<SlackReceiver, string>>;
  readonly pagerduty: { readonly url: string; readonly routingKeyFile: string };
  /** The dead man's switch. Alertmanager before 0.26 cannot read a webhook's address from a file. */
  readonly deadman: { readonly url: string } | { readonly urlFile: string };
  /** Glob of the message templates. */
  readonly templates: string;
};

/** Base address of the bundled inbox in the network of the compose stack. */
export const BUNDLED_INBOX = "http://inbox:8090";

/** The accounts of the bundle. @param readBy the oldest release that reads them */
export function accountEndpoints(
  { notifications }: Pick<Bundle, "notifications"> = BUNDLE,
  readBy: ConfigRelease = "0.25",
): AlertmanagerEndpoints {
  const { slack, pagerduty, deadman, templates } = notifications;
  const files = SLACK_RECEIVERS.map((name) => [name, slack[name].urlFile]);
  return {
    slackUrlFiles: Object.fromEntries(files) as Record<SlackReceiver, string>,
    pagerduty,
    deadman: readBy === "0.25" ? { url: deadman.url } : { urlFile: deadman.urlFile },
    templates,
  };
}

/** The same with the bundled inbox in place of PagerDuty, so that the stack needs no account. */
export function bundledEndpoints(
  bundle: Pick<Bundle, "notifications"> = BUNDLE,
  readBy?: ConfigRelease,
): AlertmanagerEndpoints {
  const accounts = accountEndpoints(bundle, readBy);
  return { ...accounts, pagerduty: { ...accounts.pagerduty, url: `${BUNDLED_INBOX}/pagerduty/v2/enqueue` } };
}
