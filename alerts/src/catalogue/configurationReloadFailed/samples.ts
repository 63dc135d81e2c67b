import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";

const prometheus = 'prometheus_config_last_reload_successful{job="prometheus", instance="localhost:9090"}';
const alertmanager = (instance = "alertmanager:9093") =>
  `alertmanager_config_last_reload_successful{job="alertmanager", instance="${instance}"}`;
const ofPrometheus = { job: "prometheus" };
const ofAlertmanager = { job: "alertmanager" };

export const samples: Samples = {
  threshold: 0,
  labels: { severity: "warning", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "configurations that were loaded are silent",
      series: { [prometheus]: gauge({ "0s": 1 }), [alertmanager()]: gauge({ "0s": 1 }) },
      expect: timeline("10m silent, 40m silent"),
    },
    {
      name: "pending from the first evaluation after it, firing after 5m and not one evaluation earlier, then resolved",
      series: { [prometheus]: gauge({ "0s": 1 }), [alertmanager()]: gauge({ "0s": 1, "2m": 0, "15m": 1 }) },
      expect: timeline("1m45s silent, 2m pending, 6m45s pending, 7m firing, 16m45s firing, 17m silent", ofAlertmanager),
      annotated: {
        at: "7m",
        labels: ofAlertmanager,
        annotations: {
          summary: "The configuration of alertmanager could not be loaded",
          description:
            "For 5m, alertmanager has kept its old configuration, because it rejects the new one. New rules, " +
            "routes and receivers are not in force; it would not start again after a restart.",
          runbook_url: "http://localhost:8090/runbooks/ConfigurationReloadFailed.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=28",
        },
      },
    },
    {
      name: "Prometheus' own is named as well",
      series: { [prometheus]: gauge({ "0s": 0 }), [alertmanager()]: gauge({ "0s": 1 }) },
      expect: [{ at: "5m", firing: [ofPrometheus] }],
    },
    {
      name: "one Alertmanager of a pair that rejects it is enough",
      series: { [alertmanager("a:9093")]: gauge({ "0s": 0 }), [alertmanager("b:9093")]: gauge({ "0s": 1 }) },
      expect: [{ at: "5m", firing: [ofAlertmanager] }],
    },
    {
      name: "a mistake that is corrected soon is silent",
      series: { [alertmanager()]: gauge({ "0s": 1, "2m": 0, "6m45s": 1 }) },
      expect: timeline("6m30s pending, 6m45s silent, 10m silent", ofAlertmanager),
    },
    {
      name: "two minutes without a scrape do not restart what is under way",
      series: { [alertmanager()]: gauge({ "0s": 1, "2m": 0, "4m": "stale", "6m15s": 0 }) },
      expect: timeline("6m pending, 6m45s pending, 7m firing", ofAlertmanager),
    },
    {
      name: "a longer time without one does",
      series: { [alertmanager()]: gauge({ "0s": 1, "2m": 0, "4m": "stale", "6m45s": 0 }) },
      expect: timeline("6m30s silent, 11m30s pending, 11m45s firing", ofAlertmanager),
    },
  ],
};
