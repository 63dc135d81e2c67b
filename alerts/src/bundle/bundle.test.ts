import { expect, test } from "vitest";
import shipped from "../../../bundle.config.ts";
import { BundleError, resolveBundle } from "./bundle.ts";
import example from "./example.config.ts";

function problemsOf(config: unknown): string[] {
  try {
    resolveBundle(config, "a.config.ts");
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    expect(error).toMatchObject({ code: "BUNDLE_INVALID", subject: "a.config.ts" });
    for (const { path, message } of error.problems) expect(error.message).toContain(`${path}: ${message}`);
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

test("the shipped configuration and the example are valid, and every setting is optional", () => {
  expect(problemsOf(shipped)).toEqual([]);
  expect(problemsOf(example)).toEqual([]);
  expect(problemsOf({})).toEqual([]);
});

test("links to localhost only if that is configured", () => {
  expect(JSON.stringify(resolveBundle({}))).not.toMatch(/localhost|127\.0\.0\.1/);
});

test("every problem is listed, not only the first", () => {
  const problems = problemsOf({
    job: "",
    thresholds: { ExpressLatencyHigh: 0.12, QueueDepth: 1, QueueDepthSpike: -1, NoActiveWorkers: 1 },
    scope: { labels: ["namespace"], installations: [{ cluster: "eu" }] },
    links: { runbooks: "ftp://here" },
    colour: "red",
  });
  expect(problems).toHaveLength(8);
  expect(problems).toEqual(
    expect.arrayContaining([
      "thresholds.ExpressLatencyHigh: 0.12 s is not a bucket bound of mcp_task_latency_seconds; choose one, or add it to the metric contract",
      "thresholds.QueueDepth: is not a setting",
      "thresholds.QueueDepthSpike: must be a number >= 0",
      "thresholds.NoActiveWorkers: the threshold of NoActiveWorkers cannot be changed",
      "links.runbooks: must be an http or https address",
      "colour: is not a setting",
      "scope.installations.0: must name exactly the scope labels (namespace), not cluster",
    ]),
  );
});

test.each([
  [{ thresholds: { QueueDepthSpike: Number.NaN } }, "thresholds.QueueDepthSpike"],
  [{ scope: { labels: ["namespace"] } }, "scope.installations"],
  [{ scope: { labels: ["type"], installations: [{ type: "ml" }] } }, "scope.labels"],
  [{ scope: { replicaLabels: ["replica"] }, selector: { replica: "a" } }, "scope.replicaLabels"],
  [
    {
      deployment: "kubernetes",
      scope: { labels: ["namespace"], installations: [{ namespace: "orders" }] },
      kubernetes: { namespace: "tasks" },
    },
    "scope.installations",
  ],
  [{ slo: { expressLatency: { withinSeconds: 0.3 } } }, "slo.expressLatency.withinSeconds"],
  [{ kubernetes: { replicas: { min: 3, max: 2 } } }, "kubernetes.replicas"],
  [{ kubernetes: { redis: { sentinel: { master: "m", nodes: ["a:1"] }, cluster: ["b:1"] } } }, "kubernetes.redis"],
  [{ kubernetes: { redis: { tls: { privateCa: true } } } }, "kubernetes.redis.tls"],
  [{ kubernetes: { namespace: "Team_A" } }, "kubernetes.namespace"],
])("%j is refused at %s", (config, path) => {
  expect(problemsOf(config).map((problem) => problem.split(": ")[0])).toEqual([path]);
});
