import { BUILT_IN_TYPES, TASK_TYPE_PATTERN, TASK_TYPE_RULE } from "mcp-orchestrator/contract";
import { z } from "zod";
import { ALL_DEFINITIONS, type AlertName } from "../catalogue/definitions.ts";
import { DEPLOYMENTS } from "../catalogue/runbooks/runbook.ts";
import { isBucketBound } from "../promql/series.ts";
import { SHIPPED_OBJECTIVES } from "../slo/objectives.ts";

const label = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, "must be a label name: letters, digits and _");
const labels = z.record(label, z.string().min(1));
const url = z.url({ protocol: /^https?$/, error: "must be an http or https address" }).overwrite(withoutSlash);
const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "must be a DNS label: a-z, 0-9 and -");
const port = z.int().min(1).max(65_535);
const ratio = z.number().gt(0).lt(1);

const links = z
  .strictObject({
    runbooks: url.optional().describe("Folder of the runbooks; `/<AlertName>.md` is appended."),
    dashboards: url.optional().describe("Address of Grafana."),
    alertmanager: url.optional().describe("Address of Alertmanager."),
    prometheus: url.optional().describe("Address of Prometheus."),
    service: url.optional().describe("Address of the service; runbooks link to its `/metrics` and `/healthz`."),
  })
  .prefault({});

const slackReceiver = (receiver: string, channel: string, urlFile: string) =>
  z
    .strictObject({
      channel: z.string().startsWith("#").default(channel).describe("Slack channel."),
      urlFile: z.string().min(1).default(urlFile).describe("File with the address of the incoming webhook."),
    })
    .prefault({})
    .describe(`Receiver \`${receiver}\`.`);

const SECRETS = "/etc/alertmanager/secrets";

/** Everything that differs between installations, each setting with its description. */
export const BUNDLE_SCHEMA = z
  .strictObject({
    deployment: z
      .enum(DEPLOYMENTS)
      .default("compose")
      .describe(
        "How the service is run: `compose`, `supervisor`, `native` (systemd) or `kubernetes`. Runbooks show its commands.",
      ),
    job: z.string().min(1).default("mcp-orchestrator").describe("Value of the label `job` of the service's targets."),
    selector: labels
      .default({})
      .describe("Labels of every series of this installation; each selector of the rules requires them."),
    scope: z
      .strictObject({
        labels: z
          .array(label)
          .default([])
          .describe(
            "Labels that distinguish several installations in one Prometheus: `namespace`, or `cluster` and `namespace`. " +
              "Rules, inhibitions, notifications and dashboards keep them.",
          ),
        installations: z
          .array(labels)
          .default([])
          .describe(
            "The expected installations by their scope labels, so that NoActiveWorkers fires for one that is gone.",
          ),
        replicaLabels: z
          .array(label)
          .default([])
          .describe(
            "Labels that distinguish copies of one series, if a ruler reads what a pair of Prometheus servers scraped.",
          ),
      })
      .superRefine(checkScope)
      .prefault({}),
    externalLabels: labels.default({}).describe("`external_labels` of the generated Prometheus configuration."),
    alertLabels: labels
      .default({ team: "platform" })
      .describe("Labels of every alert, beside severity, service and page."),
    thresholds: thresholdsSchema().describe(
      "Thresholds other than those that ship, in the unit of the catalogue: ratios as 0.02 for 2 %, latencies in seconds.",
    ),
    links,
    notifications: z
      .strictObject({
        slack: z
          .strictObject({
            "team-platform": slackReceiver("team-platform", "#team-platform", `${SECRETS}/slack-team-platform-url`),
            "slack-critical": slackReceiver("slack-critical", "#alerts-critical", `${SECRETS}/slack-critical-url`),
            "slack-warnings": slackReceiver("slack-warnings", "#alerts-warning", `${SECRETS}/slack-warnings-url`),
          })
          .prefault({}),
        pagerduty: z
          .strictObject({
            url: url.default("https://events.pagerduty.com/v2/enqueue").describe("PagerDuty's Events API v2."),
            routingKeyFile: z
              .string()
              .min(1)
              .default(`${SECRETS}/pagerduty-routing-key`)
              .describe("File with the integration key."),
          })
          .prefault({}),
        deadman: z
          .strictObject({
            urlFile: z
              .string()
              .min(1)
              .default(`${SECRETS}/deadman-url`)
              .describe("File with the address to which the heartbeat of the dead man's switch is posted."),
            url: url
              .default("http://inbox:8090/deadman")
              .describe("The same for an Alertmanager before 0.26, which cannot read it from a file."),
          })
          .prefault({}),
        templates: z
          .string()
          .min(1)
          .default("/etc/alertmanager/templates/*.tmpl")
          .describe("Where Alertmanager finds the message templates."),
      })
      .prefault({}),
    emergencyContacts: z
      .array(
        z.strictObject({
          role: z.string().min(1).describe("`On-call engineer`, `Redis administrator`."),
          contact: z.string().min(1).describe("How to reach them."),
        }),
      )
      .default([])
      .describe("Whom to call, on every runbook."),
    expectedReplicas: z
      .int()
      .min(1)
      .default(1)
      .describe("Replicas that must answer, also in a rolling restart; ReplicasMissing fires when fewer do."),
    slo: z
      .strictObject({
        windowDays: z.int().min(1).max(90).default(30).describe("Days over which the objectives hold."),
        expressLatency: z
          .strictObject({
            objective: ratio
              .default(SHIPPED_OBJECTIVES.expressLatency.objective)
              .describe("Share of express tasks that have a result in time."),
            withinSeconds: z
              .number()
              .default(SHIPPED_OBJECTIVES.expressLatency.withinSeconds)
              .refine((value) => isBucketBound("mcp_task_wait_seconds", value), { error: notABucketBound })
              .describe('Limit of "in time", from the request on; a bucket bound of the latency histograms.'),
          })
          .prefault({}),
        taskSuccess: z
          .strictObject({
            objective: ratio
              .default(SHIPPED_OBJECTIVES.taskSuccess.objective)
              .describe("Share of ended tasks that ended with a result."),
          })
          .prefault({}),
      })
      .prefault({}),
    kubernetes: z
      .strictObject({
        namespace: name.default("mcp-orchestrator").describe("Namespace of the base."),
        replicas: z
          .strictObject({
            min: z.int().min(1).default(2).describe("Replicas without load."),
            max: z.int().min(1).default(10).describe("Most replicas."),
          })
          .prefault({})
          .refine(({ min, max }) => min <= max, "min must not be above max"),
        httpPort: port.default(8000).describe("Port of the API and of /metrics."),
        redis: z
          .strictObject({
            url: z
              .url({ protocol: /^rediss?$/, error: "must be a redis:// or rediss:// address" })
              .default("redis://redis:6379")
              .describe("`REDIS_URL`; `rediss` for TLS. A host without a dot is in the namespace of the base."),
            username: z.string().min(1).default("orchestrator").describe("Redis user of the service."),
            sentinel: z
              .strictObject({
                master: z.string().min(1).describe("Name of the master that the Sentinels monitor."),
                nodes: z
                  .array(z.string().regex(/^[^:]+:\d+$/))
                  .min(1)
                  .describe("Sentinels as `host:port`."),
                username: z.string().min(1).optional().describe("ACL user of the sentinels."),
                password: z
                  .boolean()
                  .default(false)
                  .describe(
                    "Whether the sentinels need one: key `sentinel-password` of the secret `mcp-orchestrator`.",
                  ),
              })
              .optional()
              .describe("If Redis has Sentinels."),
            cluster: z
              .array(z.string().regex(/^[^:]+:\d+$/))
              .optional()
              .describe("Nodes of a Redis Cluster as `host:port`."),
            tls: z
              .strictObject({
                privateCa: z
                  .boolean()
                  .default(false)
                  .describe(
                    "Whether a private authority signed the certificate of Redis: key `redis-ca.crt` of the secret " +
                      "`mcp-orchestrator`.",
                  ),
                clientCertificate: z
                  .boolean()
                  .default(false)
                  .describe(
                    "Whether Redis asks for one: keys `redis-client.crt` and `redis-client.key` of that secret.",
                  ),
              })
              .prefault({}),
          })
          .prefault({})
          .refine(({ url: address, tls }) => address.startsWith("rediss:") || !Object.values(tls).includes(true), {
            path: ["tls"],
            message: "needs a url that starts with rediss://",
          })
          .refine(
            ({ sentinel, cluster }) => sentinel === undefined || cluster === undefined,
            "sentinel and cluster exclude each other",
          ),
        types: z
          .array(z.string().regex(TASK_TYPE_PATTERN, TASK_TYPE_RULE))
          .min(1)
          .default([...BUILT_IN_TYPES])
          .describe("Task types whose queues the autoscaler watches; the memory limit counts them too."),
        egressPorts: z.array(port).default([443]).describe("Ports of the external APIs that handlers call."),
        clusterDomain: z.string().min(1).default("cluster.local").describe("DNS domain of the cluster."),
        ruleLabels: labels
          .default({})
          .describe("Labels by which your Prometheus selects PrometheusRules, such as `release`."),
        monitorLabels: labels.default({}).describe("Labels by which it selects ServiceMonitors."),
        notificationLabels: labels
          .default({})
          .describe("Labels by which your Alertmanager selects AlertmanagerConfigs."),
        links,
      })
      .prefault({}),
  })
  .superRefine(({ deployment, kubernetes, scope, selector }, context) => {
    const namespaces = scope.installations.flatMap(({ namespace }) => namespace ?? []);
    if (deployment === "kubernetes" && namespaces.length > 0 && !namespaces.includes(kubernetes.namespace)) {
      const message = `none has the namespace of the manifests (${kubernetes.namespace}), so that NoActiveWorkers fires for all of them`;
      context.addIssue({ code: "custom", path: ["scope", "installations"], message });
    }
    for (const both of scope.replicaLabels.filter((each) => each in selector)) {
      const message = `${both} is in the selector, so that no copies are left to distinguish`;
      context.addIssue({ code: "custom", path: ["scope", "replicaLabels"], message });
    }
  });

/** The operator's part: every setting is optional. */
export type BundleConfig = z.input<typeof BUNDLE_SCHEMA>;

/** The complete configuration of an installation. */
export type Bundle = z.output<typeof BUNDLE_SCHEMA>;

/** Labels in which the series of one installation differ. */
const OWN_LABELS = ["job", "instance", "type", "lane", "queue", "le"];

type Scope = {
  readonly labels: readonly string[];
  readonly installations: readonly Readonly<Record<string, string>>[];
  readonly replicaLabels: readonly string[];
};

function checkScope({ labels, installations, replicaLabels }: Scope, context: z.RefinementCtx): void {
  const problem = (path: (string | number)[], message: string) => context.addIssue({ code: "custom", path, message });
  const wanted = [...labels].sort().join(", ");
  for (const [index, installation] of installations.entries()) {
    const given = Object.keys(installation).sort().join(", ");
    if (given === wanted) continue;
    problem(
      ["installations", index],
      `must name exactly the scope labels (${wanted || "none"}), not ${given || "none"}`,
    );
  }
  if (labels.length > 0 && installations.length === 0) {
    problem(["installations"], "must name at least one: an installation that is gone is missed by its name");
  }
  for (const own of labels.filter((each) => OWN_LABELS.includes(each))) {
    problem(["labels"], `${own} does not distinguish installations: the series of one installation differ in it`);
  }
  for (const both of replicaLabels.filter((each) => labels.includes(each))) {
    problem(["replicaLabels"], `${both} cannot be a scope label as well`);
  }
}

function thresholdsSchema() {
  const fields = ALL_DEFINITIONS.map(({ name: alert, threshold: { fixed, bucketOf, setting } }) => {
    if (setting !== undefined) return [alert, z.undefined({ error: `is given by ${setting}` }).optional()];
    if (fixed === true)
      return [alert, z.undefined({ error: `the threshold of ${alert} cannot be changed` }).optional()];
    const value = z.number({ error: "must be a number" }).min(0, "must be a number >= 0");
    if (bucketOf === undefined) return [alert, value.optional()];
    return [alert, value.refine((bound) => isBucketBound(bucketOf, bound), { error: notABucketBound }).optional()];
  });
  return z.strictObject(Object.fromEntries(fields) as Record<AlertName, z.ZodOptional<z.ZodNumber>>).prefault({});
}

/**
 * A quantile is interpolated inside a bucket: with a threshold between two bounds the alert would fire too early or too
 * late.
 */
function notABucketBound(issue: { input?: unknown }): string {
  return `${issue.input} s is not a bucket bound of mcp_task_latency_seconds; choose one, or add it to the metric contract`;
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, "");
}
