import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";

const known = (instance = "a:8000") => `mcp_redis_state_known{instance="${instance}"}`;
const redis = {};

export const samples: Samples = {
  threshold: 0,
  labels: { severity: "critical", service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "a state that is known is silent",
      series: { [known()]: gauge({ "0s": 1 }) },
      expect: timeline("10m silent, 40m silent"),
    },
    {
      name: "pending from the first evaluation without it, firing after 5m and not one evaluation earlier, then resolved",
      series: { [known()]: gauge({ "0s": 1, "2m": 0, "15m": 1 }) },
      expect: timeline("1m45s silent, 2m pending, 6m45s pending, 7m firing, 16m45s firing, 17m silent", redis),
      annotated: {
        at: "7m",
        labels: redis,
        annotations: {
          summary: "The state of the queues is unknown: Redis does not answer in time, or denies access",
          description:
            "For 5m no replica has been able to read the state of the queues from Redis. Depth, age, dead letters, " +
            "memory and task accounting are missing: alerts on them cannot fire, and those that fire do not resolve.",
          runbook_url: "http://localhost:8090/runbooks/RedisStateUnknown.md",
          dashboard_url: "http://localhost:3000/d/mcp-orchestrator?viewPanel=18",
        },
      },
    },
    {
      name: "a scrape that came too late for Redis is silent",
      series: { [known()]: gauge({ "0s": 1, "2m15s": 0, "3m": 1 }) },
      expect: timeline("2m15s pending, 2m45s pending, 3m silent, 8m silent", redis),
    },
    {
      name: "one replica that can read is enough",
      series: { [known("a:8000")]: gauge({ "0s": 0 }), [known("b:8000")]: gauge({ "0s": 1, "10m": 0 }) },
      expect: timeline("9m45s silent, 10m pending, 15m firing", redis),
    },
    {
      name: "a missed scrape does not restart what is under way",
      series: { [known()]: gauge({ "0s": 1, "2m": 0, "4m": "stale", "4m15s": 0 }) },
      expect: timeline("4m pending, 6m45s pending, 7m firing", redis),
    },
    {
      name: "one old sample does not fire: what is not scraped at all is another alert's",
      series: { [known()]: gauge({ "0s": 1, "2m": 0, "2m15s": "stale" }) },
      expect: timeline("4m pending, 5m silent, 7m silent, 10m silent", redis),
    },
  ],
};
