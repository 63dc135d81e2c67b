import { type Samples, timeline } from "../samples/samples.ts";
import { counter, events, gauge } from "../samples/scrapes.ts";

const failed = (integration: string, more = "") =>
  `alertmanager_notifications_failed_total{job="alertmanager", integration="${integration}"${more}}`;
const pagerduty = { integration: "pagerduty" };
const slack = { integration: "slack" };

/** What a server has counted before, and a restart of it: its counter begins again. */
const restarted = gauge({ "0s": 5000, "20m": 0 });
const before = gauge({ "0s": 5000 });

export const samples: Samples = {
  threshold: 2,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "a single failure of each receiver is silent",
      series: { [failed("pagerduty")]: events(["2m"]), [failed("slack")]: events(["3m"]) },
      expect: timeline("4m silent, 10m silent, 20m silent"),
    },
    {
      name: "the second failure is pending at once, firing after 1m and not one evaluation earlier, then resolved",
      series: { [failed("pagerduty")]: events(["2m", "22m", "27m"]), [failed("slack")]: counter({ "0s": 0 }) },
      expect: timeline("26m45s silent, 27m pending, 27m45s pending, 28m firing, 38m30s firing, 39m silent", pagerduty),
      annotated: {
        at: "28m",
        labels: pagerduty,
        annotations: {
          summary: "Notifications to pagerduty do not arrive",
          description:
            "2 notifications to pagerduty have failed in the last 15m. Alerts that go only to that receiver are lost.",
          runbook_url: "http://localhost:8090/runbooks/NotificationsFailing.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=27",
        },
      },
    },
    {
      name: "failures of both Alertmanagers of a pair and for all reasons count together",
      series: {
        [failed("slack", ', reason="clientError", instance="a:9093"')]: events(["2m"]),
        [failed("slack", ', reason="serverError", instance="b:9093"')]: events(["5m"]),
        [failed("pagerduty", ', reason="clientError", instance="a:9093"')]: events(["3m"]),
        [failed("pagerduty", ', reason="serverError", instance="a:9093"')]: events(["5m"]),
      },
      expect: timeline("5m pending, 6m firing", slack, pagerduty),
    },
    {
      name: "two within a quarter of an hour are",
      series: { [failed("slack")]: events(["2m", "14m45s"]) },
      expect: timeline("14m45s pending, 15m45s firing", slack),
    },
    {
      name: "two that are further apart are not",
      series: { [failed("slack")]: events(["2m", "18m"]) },
      expect: timeline("18m silent, 20m silent"),
    },
    {
      name: "a restart of Alertmanager, which counts from 0 again, does not hide them",
      series: {
        [failed("slack")]: counter({ "0s": 0, "2m": 1, "2m15s": 0, "5m": "reset", "5m15s": 0, "7m": 1, "7m15s": 0 }),
      },
      expect: timeline("7m pending, 8m firing", slack),
    },
    {
      name: "a restart of one of two servers looks like no event: each is rated before they are added up",
      series: {
        [failed("slack", ', instance="a:9093"')]: restarted,
        [failed("slack", ', instance="b:9093"')]: before,
      },
      expect: timeline("19m silent, 20m15s silent, 34m silent"),
    },
  ],
};
