/** Receivers that post to Slack, with their channels. */
export const SLACK_CHANNELS = {
  "team-platform": "#team-platform",
  "slack-critical": "#alerts-critical",
  "slack-warnings": "#alerts-warning",
} as const;

export type SlackReceiver = keyof typeof SLACK_CHANNELS;

/** Every receiver of the configuration. */
export const RECEIVERS = ["team-platform", "slack-critical", "slack-warnings", "pagerduty", "deadman"] as const;

export type ReceiverName = (typeof RECEIVERS)[number];

/** Where notifications go. Secrets are named by the files that hold them and never written into the configuration. */
export type AlertmanagerEndpoints = {
  /** Files that hold the incoming webhook's address, one per Slack receiver. */
  readonly slackUrlFiles: Readonly<Record<SlackReceiver, string>>;
  readonly pagerduty: { readonly url: string; readonly routingKeyFile: string };
  /** The dead man's switch. Alertmanager before 0.26 cannot read a webhook's address from a file. */
  readonly deadman: { readonly url: string } | { readonly urlFile: string };
  /** Glob of the message templates. */
  readonly templates: string;
};
