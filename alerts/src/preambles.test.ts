import { expect, test } from "vitest";
import { resolveBundle } from "./bundle/index.ts";
import { portForwards } from "./preambles.ts";

const ofMonitoring = (service: string) =>
  `kubectl -n "\${MONITORING_NAMESPACE:-monitoring}" port-forward svc/${service} &`;
const PROMETHEUS = ofMonitoring("prometheus-operated 9090");
const ALERTMANAGER = ofMonitoring("alertmanager-operated 9093");
const links = { prometheus: "https://prometheus.example", alertmanager: "https://alertmanager.example" };

test.each([
  [
    {},
    [
      PROMETHEUS,
      ALERTMANAGER,
      'kubectl -n "$NAMESPACE" port-forward svc/redis 6379 &',
      "export REDIS_URL=redis://localhost:6379;",
    ],
  ],
  [
    { links, redis: { url: "rediss://cache.data.svc.cluster.local:6380/3" } },
    ["kubectl -n data port-forward svc/cache 6380 &", "export REDIS_URL=rediss://localhost:6380/3;"],
  ],
  [{ links: { prometheus: links.prometheus }, redis: { url: "redis://redis.example.com" } }, [ALERTMANAGER]],
  [{ links, redis: { sentinel: { master: "main", nodes: ["a:26379"] } } }, []],
  [{ links, redis: { cluster: ["a:7000"] } }, []],
])("of %j, what has no address outside the cluster is forwarded", (kubernetes, forwards) => {
  expect(portForwards(resolveBundle({ kubernetes }).kubernetes)).toEqual(forwards);
});
