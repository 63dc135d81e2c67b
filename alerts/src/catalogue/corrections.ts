import type { Correction } from "./runbook.ts";

/** Corrections of the original runbook that belong to no alert. */
export const GENERAL_CORRECTIONS: readonly Correction[] = [
  {
    was: "`match:` in the routes of Alertmanager",
    now: "`matchers:`.",
    why: "`match` is deprecated since Alertmanager 0.22 and refused in newer modes.",
  },
  {
    was: "`service_key` of PagerDuty, in the configuration",
    now: "`routing_key_file`.",
    why: "service_key belongs to the old integration (Events API v1), and a secret has no place in a configuration file.",
  },
  {
    was: "Slack receivers without an address",
    now: "`api_url_file`, one per receiver.",
    why: "Alertmanager does not load a Slack receiver that has neither its own nor a global address.",
  },
  {
    was: "No inhibition",
    now: "A table of inhibitions in code.",
    why: "An outage would send its page and five messages about its consequences.",
  },
  {
    was: "`continue: true` on the route of critical alerts to Slack",
    now: "Left out.",
    why: "No later route takes critical alerts, so it changes nothing.",
  },
  {
    was: "`text: '{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}'`",
    now: "Templates with value, time, links to runbook, dashboard and silence, for resolved alerts too.",
    why: "Summaries of several alerts run into one another, and say neither how bad it is nor since when.",
  },
  {
    was: "Manual tests of four alerts, and a script to be written",
    now: "`npm run drill`, which `scripts/test_alerts.sh` calls.",
    why: "Three of the four manual tests cannot fire their alerts (see the alerts below).",
  },
];
