import { formatDuration, type TimingProfile } from "@mcp-orchestrator/alerts";
import type { ReceiverName } from "./endpoints.ts";

export type Route = {
  readonly receiver: ReceiverName;
  readonly matchers?: readonly string[];
  readonly continue?: true;
  readonly group_by?: readonly string[];
  readonly group_wait?: string;
  readonly group_interval?: string;
  readonly repeat_interval?: string;
  readonly routes?: readonly Route[];
};

/**
 * The routing tree: who is notified of which alert, and how soon.
 *
 * @param installation labels that distinguish installations: two of them never share a message
 */
export function routingTree({ alertmanager }: TimingProfile, installation: readonly string[] = []): Route {
  return {
    receiver: "team-platform",
    group_by: ["alertname", "severity", ...installation],
    group_wait: formatDuration(alertmanager.groupWaitMs),
    group_interval: formatDuration(alertmanager.groupIntervalMs),
    repeat_interval: formatDuration(alertmanager.repeatIntervalMs),
    routes: [
      {
        receiver: "deadman",
        matchers: ['alertname="Watchdog"'],
        group_wait: "0s",
        group_interval: formatDuration(alertmanager.heartbeatIntervalMs),
        repeat_interval: formatDuration(alertmanager.heartbeatIntervalMs),
      },
      // What says that Slack fails must not go to Slack.
      { receiver: "pagerduty", matchers: ['alertname="NotificationsFailing"', 'integration="slack"'] },
      { receiver: "pagerduty", matchers: ['severity="critical"', 'page="true"'], continue: true },
      { receiver: "slack-critical", matchers: ['severity="critical"'] },
      {
        receiver: "slack-warnings",
        matchers: ['severity="warning"'],
        group_wait: formatDuration(alertmanager.warningGroupWaitMs),
      },
    ],
  };
}
