import { firstOf, min } from "../../promql/expression.ts";
import { series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["kind"];

/** By kind of persistence whether its last write succeeded, and without a kind whether Redis has its master. */
const signal: Signal = {
  record: "kind:mcp_redis_durable:min",
  labels,
  expression: firstOf(min(labels, series("mcp_redis_persistence_ok")), min([], series("mcp_redis_replication_ok"))),
  fromRedisState: true,
};

export const redisNotDurable = defineAlert({
  name: "RedisNotDurable",
  severity: "warning",
  signal,
  comparator: "==",
  threshold: { value: 0, unit: "state", fixed: true },
  forMs: minutes(5),
  summary: () => "Redis {{ with $labels.kind }}cannot write its {{ . }}{{ else }}has lost its master{{ end }}",
  description: (facts) =>
    `{{ with $labels.kind }}The last write of the {{ . }} has failed for ${facts.for}: if Redis stops now, tasks that it ` +
    `accepted since the last good write are lost.{{ else }}The Redis in use has been a replica without its master for ` +
    `${facts.for}: its data may be stale.{{ end }}`,
  panel: "redis-persistence",
  runbook,
  samples,
  fault: "fail-snapshots",
});
