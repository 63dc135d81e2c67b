import { BUNDLE, type Bundle } from "@mcp-orchestrator/alerts";

/** Receivers that post to Slack. */
export const SLACK_RECEIVERS = ["team-platform", "slack-critical", "slack-warnings"] as const;

export type SlackReceiver = (typeof SLACK_RECEIVERS)[number];

/** Every receiver of the configuration. */
export const RECEIVERS = [...SLACK_RECEIVERS, "pagerduty", "deadman"] as const;

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

/** Base address of the bundled inbox, as the containers of the compose stack reach it. */
export const BUNDLED_INBOX = "http://inbox:8090";

/** The accounts that the bundle names. */
export function accountEndpoints({ notifications }: Pick<Bundle, "notifications"> = BUNDLE): AlertmanagerEndpoints {
  const { slack, pagerduty, deadman, templates } = notifications;
  const files = SLACK_RECEIVERS.map((name) => [name, slack[name].urlFile]);
  return {
    slackUrlFiles: Object.fromEntries(files) as Record<SlackReceiver, string>,
    pagerduty,
    deadman,
    templates,
  };
}

/** The same with the bundled inbox in the place of PagerDuty, so that the stack runs without an account anywhere. */
export function bundledEndpoints(bundle: Pick<Bundle, "notifications"> = BUNDLE): AlertmanagerEndpoints {
  const accounts = accountEndpoints(bundle);
  return { ...accounts, pagerduty: { ...accounts.pagerduty, url: `${BUNDLED_INBOX}/pagerduty/v2/enqueue` } };
}
