import { type Samples, timeline } from "../samples/samples.ts";
import { counter, events, gauge } from "../samples/scrapes.ts";

const QUEUES = "/etc/prometheus/mcp-orchestrator.rules.yml;mcp-orchestrator-queues";
const BUDGETS = "/etc/prometheus/mcp-orchestrator.rules.yml;mcp-orchestrator-slo";
const failures = (group = QUEUES, instance = "localhost:9090") =>
  `prometheus_rule_evaluation_failures_total{job="prometheus", rule_group="${group}", instance="${instance}"}`;
const queues = { rule_group: QUEUES };

/** What a server has counted before, and a restart of it: its counter begins again. */
const restarted = gauge({ "0s": 5000, "20m": 0 });
const before = gauge({ "0s": 5000 });

export const samples: Samples = {
  threshold: 0,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "evaluations that succeed are silent, and so are the rules of others",
      series: {
        [failures()]: counter({ "0s": 0 }),
        [failures("/etc/prometheus/shop.rules.yml;shop")]: counter({ "0s": 1 }),
      },
      expect: timeline("10m silent, 40m silent"),
    },
    {
      name: "pending from the first failure, firing after 7m and not one evaluation earlier, then resolved",
      series: { [failures()]: counter({ "0s": 0, "2m": 3, "12m": 0 }) },
      expect: timeline("1m45s silent, 2m pending, 8m45s pending, 9m firing, 20m15s firing, 20m45s silent", queues),
      annotated: {
        at: "9m",
        labels: queues,
        annotations: {
          summary: `Rules of ${QUEUES} cannot be evaluated`,
          description:
            `For 7m, evaluations in the group ${QUEUES} have failed. An alert whose rule fails does not fire, and one that ` +
            "is firing resolves.",
          runbook_url: "http://localhost:8090/runbooks/RuleEvaluationFailing.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=26",
        },
      },
    },
    {
      name: "a single failure is silent",
      series: { [failures()]: events(["2m"]) },
      expect: timeline("3m pending, 9m silent, 12m silent", queues),
    },
    {
      name: "one every six and a half minutes is not",
      series: { [failures()]: events(["2m", "8m30s", "15m"]) },
      expect: timeline("8m45s pending, 9m firing", queues),
    },
    {
      name: "one every seven and a half minutes is",
      series: { [failures()]: events(["2m", "9m30s", "17m", "24m30s"]) },
      expect: timeline("9m15s silent, 16m45s silent, 18m pending, 24m15s silent", queues),
    },
    {
      name: "rules that are evaluated every five minutes, and fail each time, in scrapes a minute apart",
      series: {
        [failures(BUDGETS)]: counter(
          { "0s": 0, "5m": 4, "6m": 0, "10m": 4, "11m": 0, "15m": 4, "16m": 0, "20m": 4, "21m": 0 },
          "25m",
          60,
        ),
      },
      everySeconds: 60,
      expect: timeline("4m45s silent, 5m pending, 11m45s pending, 12m firing, 25m firing", { rule_group: BUDGETS }),
    },
    {
      name: "both servers of a pair make one alert",
      series: {
        [failures(QUEUES, "a:9090")]: counter({ "0s": 1 }),
        [failures(QUEUES, "b:9090")]: counter({ "0s": 1 }),
      },
      expect: [{ at: "10m", firing: [queues] }],
    },
    {
      name: "a restart of Prometheus, which counts from 0 again, does not end it",
      series: { [failures()]: counter({ "0s": 0, "2m": 3, "4m": "reset", "4m15s": 1 }) },
      expect: timeline("8m45s pending, 9m firing", queues),
    },
    {
      name: "a restart of one of two servers looks like no event: each is rated before they are added up",
      series: { [failures(QUEUES, "one:9090")]: restarted, [failures(QUEUES, "two:9090")]: before },
      expect: timeline("19m silent, 20m15s silent, 24m45s silent"),
    },
  ],
};
