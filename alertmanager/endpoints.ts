import type { AlertmanagerEndpoints } from "./src/endpoints.ts";

/**
 * Where the notifications of the shipped configuration go: to the bundled inbox, so that the stack runs without an
 * account anywhere. Paths are those inside the Alertmanager container.
 */
export const BUNDLED_ENDPOINTS: AlertmanagerEndpoints = {
  slackUrlFiles: {
    "team-platform": "/etc/alertmanager/secrets/slack-team-platform-url",
    "slack-critical": "/etc/alertmanager/secrets/slack-critical-url",
    "slack-warnings": "/etc/alertmanager/secrets/slack-warnings-url",
  },
  pagerduty: {
    url: "http://inbox:8090/pagerduty/v2/enqueue",
    routingKeyFile: "/etc/alertmanager/secrets/pagerduty-routing-key",
  },
  deadman: { url: "http://inbox:8090/deadman" },
  templates: "/etc/alertmanager/templates/*.tmpl",
};

/** The same with PagerDuty's own Events API, for a real routing key. */
export const ACCOUNT_ENDPOINTS: AlertmanagerEndpoints = {
  ...BUNDLED_ENDPOINTS,
  pagerduty: { ...BUNDLED_ENDPOINTS.pagerduty, url: "https://events.pagerduty.com/v2/enqueue" },
};
