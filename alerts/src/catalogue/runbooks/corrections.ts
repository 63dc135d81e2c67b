import type { Correction } from "./runbook.ts";

/** Corrections of the original runbook that belong to no alert. */
export const GENERAL_CORRECTIONS: readonly Correction[] = [
  {
    was: "`match:` in the routes of Alertmanager",
    now: "`matchers:`.",
    why: "`match` is deprecated since Alertmanager 0.22.",
  },
  {
    was: "`service_key` of PagerDuty, in the configuration",
    now: "`routing_key_file`.",
    why: "`service_key` belongs to the Events API v1, and a secret to a file of its own.",
  },
  {
    was: "Slack receivers without an address",
    now: "`api_url_file`, one per receiver.",
    why: "Alertmanager rejects a Slack receiver without its own or a global address.",
  },
  {
    was: "No inhibition",
    now: "Inhibitions for alerts with the same cause.",
    why: "An outage would send one page and five messages about its consequences.",
  },
  {
    was: "`continue: true` on the route of critical alerts to Slack",
    now: "Removed.",
    why: "No later route takes critical alerts.",
  },
  {
    was: "`text: '{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}'`",
    now: "Templates with value, time and links to runbook, dashboard and silence, for resolved alerts too.",
    why: "Summaries run into one another, and say neither how bad it is nor since when.",
  },
  {
    was: "Manual tests of four alerts, and a script to be written",
    now: "`npm run drill`, which `scripts/test_alerts.sh` calls.",
    why: "Three of the four manual tests cannot fire their alerts (see below).",
  },
];
