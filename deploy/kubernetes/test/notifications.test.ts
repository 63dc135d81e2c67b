import { mkdtempDisposableSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountEndpoints, alertmanagerConfig, TEMPLATES_FOLDER } from "@mcp-orchestrator/alertmanager";
import { ALERTS, labelsOf, PRODUCTION } from "@mcp-orchestrator/alerts";
import { amtool, run } from "@mcp-orchestrator/alerts/tools";
import { dump } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NAMESPACE } from "../src/names.ts";
import { alertmanagerConfigResource } from "../src/notifications.ts";
import { asTheOperatorDoes } from "./support/operator.ts";

/** The AlertmanagerConfig as the operator merges it into the cluster's configuration. */

const RELEASE = "0.33";

const { path: folder, remove } = mkdtempDisposableSync(join(tmpdir(), "notifications-"));
beforeAll(async () => {
  await writeFile(join(folder, "alertmanager.yml"), dump(asTheOperatorDoes(alertmanagerConfigResource(), NAMESPACE)));
});
afterAll(remove);

const routesOf = async (file: string, labels: Record<string, string>) => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const { output } = await run(amtool(RELEASE), ["config", "routes", "test", `--config.file=${file}`, ...pairs]);
  return output.trim().split("\n").at(-1)?.split(",");
};

test("Alertmanager accepts it", async () => {
  const outcome = await run(amtool(RELEASE), ["check-config", join(folder, "alertmanager.yml")]);
  expect(outcome).toEqual({ ok: true, output: expect.stringContaining("SUCCESS") });
});

describe("routes", () => {
  test.each(ALERTS.map((alert) => ({ alert, name: alert.name })))(
    "of $name are those without a cluster",
    async ({ alert }) => {
      const labels = { alertname: alert.name, ...labelsOf(alert) };
      const plain = join(folder, "plain.yml");
      await writeFile(plain, dump(alertmanagerConfig(PRODUCTION, accountEndpoints())));
      const expected = await routesOf(plain, labels);
      const actual = await routesOf(join(folder, "alertmanager.yml"), { ...labels, namespace: NAMESPACE });
      expect(actual).toEqual(expected?.map((receiver) => `${NAMESPACE}/mcp-orchestrator/${receiver}`));
    },
  );

  test("do not match alerts of other namespaces", async () => {
    const labels = { alertname: "QueueDepthSpike", severity: "critical", namespace: "elsewhere" };
    expect(await routesOf(join(folder, "alertmanager.yml"), labels)).toEqual(["the-cluster's-own"]);
  });
});

describe("texts", () => {
  const data = {
    Status: "firing",
    Receiver: "slack-critical",
    ExternalURL: "http://alertmanager.example",
    GroupLabels: { alertname: "QueueDepthSpike" },
    CommonLabels: { alertname: "QueueDepthSpike", severity: "critical" },
    CommonAnnotations: {},
    Alerts: [
      {
        Status: "firing",
        Labels: { alertname: "QueueDepthSpike", queue: "mcp:queue:ml" },
        Annotations: { summary: "Queue mcp:queue:ml holds more than 500 messages", description: "It holds 612." },
        StartsAt: "2020-01-02T03:04:05Z",
        EndsAt: "0001-01-01T00:00:00Z",
        GeneratorURL: "http://prometheus.example/graph",
      },
    ],
  };
  const rendered = async (text: string, ...flags: string[]) => {
    const file = join(folder, "data.json");
    await writeFile(file, JSON.stringify(data));
    return run(amtool(RELEASE), ["template", "render", `--template.text=${text}`, `--template.data=${file}`, ...flags]);
  };
  const slack = (config: unknown) => (config as { slack_configs: Record<string, string>[] }).slack_configs[0] ?? {};
  const ofFiles = slack(
    alertmanagerConfig(PRODUCTION, accountEndpoints()).receivers.find(({ name }) => name === "slack-critical"),
  );
  const inlined = slack(
    asTheOperatorDoes(alertmanagerConfigResource(), NAMESPACE).receivers.find(({ name }) =>
      name.endsWith("/slack-critical"),
    ),
  );

  test.each(["color", "title", "title_link", "fallback", "text"])(
    "%s reads as it does with template files",
    async (field) => {
      const files = await rendered(ofFiles[field] ?? "", `--template.glob=${TEMPLATES_FOLDER}/*.tmpl`);
      expect(files).toMatchObject({ ok: true });
      expect(files.output.trim()).not.toBe("");
      // amtool requires a template file; this one defines nothing.
      await writeFile(join(folder, "none.tmpl"), "");
      expect(await rendered(inlined[field] ?? "", `--template.glob=${folder}/*.tmpl`)).toEqual(files);
    },
  );
});
