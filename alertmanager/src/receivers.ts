import type { Bundle } from "@mcp-orchestrator/alerts";
import { type AlertmanagerEndpoints, SLACK_RECEIVERS, type SlackReceiver } from "./endpoints.ts";

/** One receiver in Alertmanager's configuration. */
export type Receiver = { readonly name: string } & Readonly<Record<string, unknown>>;

/** The receivers, in the order of the runbook, with the dead man's switch last. */
export function receivers(endpoints: AlertmanagerEndpoints, bundle: Pick<Bundle, "notifications">): Receiver[] {
  return [
    ...SLACK_RECEIVERS.map((name) => slack(name, endpoints, bundle.notifications.slack[name].channel)),
    pagerduty(endpoints),
    deadman(endpoints),
  ];
}

function slack(name: SlackReceiver, endpoints: AlertmanagerEndpoints, channel: string): Receiver {
  return {
    name,
    slack_configs: [
      {
        send_resolved: true,
        api_url_file: endpoints.slackUrlFiles[name],
        channel,
        username: "Alertmanager",
        color: '{{ template "mcp.slack.color" . }}',
        title: '{{ template "mcp.slack.title" . }}',
        title_link: '{{ template "mcp.link.runbook" . }}',
        fallback: '{{ template "mcp.slack.title" . }}',
        text: '{{ template "mcp.slack.text" . }}',
        mrkdwn_in: ["text"],
        actions: [
          { type: "button", text: "Runbook", url: '{{ template "mcp.link.runbook" . }}' },
          { type: "button", text: "Dashboard", url: '{{ template "mcp.link.dashboard" . }}' },
          { type: "button", text: "Silence", url: '{{ template "mcp.link.silence" . }}' },
        ],
      },
    ],
  };
}

function pagerduty({ pagerduty: { url, routingKeyFile } }: AlertmanagerEndpoints): Receiver {
  return {
    name: "pagerduty",
    pagerduty_configs: [
      {
        send_resolved: true,
        url,
        routing_key_file: routingKeyFile,
        description: '{{ template "mcp.pagerduty.description" . }}',
        severity: '{{ template "mcp.pagerduty.severity" . }}',
        class: "{{ .GroupLabels.alertname }}",
        component: "{{ .CommonLabels.service }}",
        group: "{{ .CommonLabels.team }}",
        client: "Alertmanager",
        client_url: '{{ template "mcp.link.silence" . }}',
        details: {
          firing: '{{ template "mcp.pagerduty.firing" . }}',
          resolved: '{{ template "mcp.pagerduty.resolved" . }}',
        },
        links: [
          { href: '{{ template "mcp.link.runbook" . }}', text: "Runbook" },
          { href: '{{ template "mcp.link.dashboard" . }}', text: "Dashboard" },
          { href: '{{ template "mcp.link.silence" . }}', text: "Silence" },
        ],
      },
    ],
  };
}

function deadman({ deadman: where }: AlertmanagerEndpoints): Receiver {
  return {
    name: "deadman",
    webhook_configs: [{ send_resolved: false, ...("url" in where ? { url: where.url } : { url_file: where.urlFile }) }],
  };
}
