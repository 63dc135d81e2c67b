import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";

const workers = (type = "ml", instance = "a:8000") => `mcp_active_workers{type="${type}", instance="${instance}"}`;
const up = (instance = "a:8000") => `up{job="mcp-orchestrator", instance="${instance}"}`;
const service = {};

export const samples: Samples = {
  threshold: 0,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform", page: "true" },
  cases: [
    {
      name: "one worker of any type is enough to be silent",
      series: {
        [up()]: gauge({ "0s": 1 }),
        [workers("ml")]: gauge({ "0s": 1, "20m": 0 }),
        [workers("codegen")]: gauge({ "0s": 0, "20m": 1 }),
      },
      expect: timeline("0s silent, 5m silent, 40m silent"),
    },
    {
      name: "pending from the first evaluation without workers, firing after 2m and not one evaluation earlier, then resolved",
      series: { [up()]: gauge({ "0s": 1 }), [workers()]: gauge({ "0s": 2, "3m": 0, "10m": 2 }) },
      expect: timeline("2m45s silent, 3m pending, 4m45s pending, 5m firing, 12m45s firing, 13m silent", service),
      annotated: {
        at: "5m",
        labels: service,
        annotations: {
          summary: "No worker is consuming: the service is down",
          description:
            "For 2m no worker has consumed a task, or the service has not answered Prometheus. No task is processed; " +
            "accepted tasks wait in Redis.",
          runbook_url: "http://localhost:8090/runbooks/NoActiveWorkers.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=8",
        },
      },
    },
    {
      name: "a metric that was never there fires",
      series: { [up()]: gauge({ "0s": 1 }), mcp_redis_up: gauge({ "0s": 1 }) },
      expect: timeline("0s pending, 1m45s pending, 2m firing", service),
    },
    {
      name: "no series at all fires",
      series: { other: gauge({ "0s": 1 }) },
      expect: [{ at: "2m", firing: [service] }],
    },
    {
      name: "a stopped service fires, and stays one alert while the reason changes",
      series: {
        [up()]: gauge({ "0s": 1, "6m": 0, "20m": 1 }),
        [workers()]: gauge({ "0s": 2, "5m": 0, "6m": "stale", "20m": 0, "21m": 2 }),
      },
      expect: timeline(
        "4m45s silent, 5m pending, 6m45s pending, 7m firing, 15m firing, 20m30s firing, 23m45s firing, 24m silent",
        service,
      ),
    },
    {
      name: "a target that is down fires even while its old sample is still looked back to",
      series: {
        [up()]: gauge({ "0s": 1, "3m": 0 }),
        'up{job="other", instance="c:9"}': gauge({ "0s": 1 }),
        [workers()]: gauge({ "0s": 2, "3m": "missing" }),
      },
      expect: timeline("2m45s silent, 3m pending, 5m firing", service),
    },
    {
      name: "missed scrapes are silent",
      series: {
        [up()]: gauge({ "0s": 1, "5m": 0, "5m15s": 1, "10m": 0, "10m30s": 1 }),
        [workers()]: gauge({ "0s": 2, "5m": "stale", "5m15s": 2, "10m": "stale", "10m30s": 2 }),
      },
      expect: timeline("5m pending, 5m15s silent, 10m15s pending, 10m30s silent, 15m silent", service),
    },
    {
      name: "a restart that takes a minute and a half is silent",
      series: {
        [up()]: gauge({ "0s": 1, "5m": 0, "6m30s": 1 }),
        [workers()]: gauge({ "0s": 2, "5m": "stale", "6m30s": 2 }),
      },
      expect: timeline("6m15s pending, 6m30s silent, 10m silent", service),
    },
    {
      name: "a rolling restart of two replicas is silent, as long as the other one works",
      series: {
        [up("a:8000")]: gauge({ "0s": 1, "5m": 0, "9m": 1 }),
        [up("b:8000")]: gauge({ "0s": 1, "10m": 0, "14m": 1 }),
        [workers("ml", "a:8000")]: gauge({ "0s": 2, "5m": "stale", "9m": 2 }),
        [workers("ml", "b:8000")]: gauge({ "0s": 2, "10m": "stale", "14m": 2 }),
      },
      expect: timeline("8m silent, 9m45s silent, 13m silent, 20m silent"),
    },
    {
      name: "replicas are added up: all of theirs must be gone",
      series: {
        [up("a:8000")]: gauge({ "0s": 1 }),
        [up("b:8000")]: gauge({ "0s": 1 }),
        [workers("ml", "a:8000")]: gauge({ "0s": 0 }),
        [workers("ml", "b:8000")]: gauge({ "0s": 2, "10m": 0 }),
      },
      expect: timeline("9m45s silent, 10m pending, 12m firing", service),
    },
    {
      name: "a down target of another job is none of its business",
      series: {
        [up()]: gauge({ "0s": 1 }),
        'up{job="other", instance="c:9"}': gauge({ "0s": 0 }),
        [workers()]: gauge({ "0s": 2 }),
      },
      expect: timeline("5m silent, 20m silent"),
    },
    {
      name: "a worker that comes and goes does not resolve it",
      series: { [up()]: gauge({ "0s": 1 }), [workers()]: gauge({ "0s": 0, "10m": 1, "11m": 0 }) },
      expect: timeline("10m45s firing, 11m firing, 13m firing", service),
    },
  ],
};
