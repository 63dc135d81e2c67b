import { minutes } from "../../timing.ts";
import { defineAlert, redisStateKnown } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

export const redisStateUnknown = defineAlert({
  name: "RedisStateUnknown",
  severity: "critical",
  signal: redisStateKnown,
  comparator: "==",
  threshold: { value: 0, unit: "state", fixed: true },
  forMs: minutes(5),
  summary: () => "The state of the queues is unknown: Redis does not answer in time, or denies access",
  description: (facts) =>
    `For ${facts.for} no replica has been able to read the state of the queues from Redis. Depth, age, dead letters, ` +
    "memory and task accounting are missing: alerts on them cannot fire, and those that fire do not resolve.",
  panel: "redis-state",
  runbook,
  samples,
  fault: "refuse-redis-state",
});
