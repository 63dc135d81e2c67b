import { load } from "js-yaml";
import { expect, test } from "vitest";
import { resolveBundle } from "../bundle/index.ts";
import { PRODUCTION } from "../timing.ts";
import { type Discovery, renderPrometheusConfig, renderScrapeJob } from "./prometheusConfig.ts";

const bundle = resolveBundle({
  job: "orders",
  selector: { env: "prod" },
  scope: { labels: ["namespace"], installations: [{ namespace: "orders" }, { namespace: "billing" }] },
});
const labels = { env: "prod", namespace: "orders" };

test("the scrape job has the job, the interval and the labels by which rules and alerts find the installation", () => {
  expect(load(renderScrapeJob(PRODUCTION, ["a:8000", "b:8000"], bundle))).toEqual({
    scrape_configs: [
      {
        job_name: "orders",
        scrape_interval: "15s",
        scrape_timeout: "15s",
        static_configs: [{ targets: ["a:8000", "b:8000"], labels }],
      },
    ],
  });
});

function jobOf(orchestrator: Discovery, of = bundle): unknown {
  const paths = { orchestrator, alertmanager: "alertmanager:9093", ruleFile: "rules.yml" };
  const { scrape_configs: jobs } = load(renderPrometheusConfig(PRODUCTION, paths, of)) as { scrape_configs: unknown[] };
  return jobs[0];
}

test("the configuration gives its targets the same labels, however they are found", () => {
  const dns = { dnsName: "orchestrator", port: 8000 };
  expect(jobOf({ targets: ["a:8000", "b:8000"] })).toEqual({
    job_name: "orders",
    static_configs: [{ targets: ["a:8000", "b:8000"], labels }],
  });
  expect(jobOf(dns)).toMatchObject({
    relabel_configs: Object.entries(labels).map(([label, value]) => ({ target_label: label, replacement: value })),
  });
  expect(jobOf(dns, resolveBundle({}))).not.toHaveProperty("relabel_configs");
});

test("targets of several installations each have the labels of their own", () => {
  const two = [{ namespace: "orders" }, { namespace: "billing" }];
  expect(jobOf({ targets: ["a:8000", "b:8000"], labels: two })).toMatchObject({
    static_configs: [
      { targets: ["a:8000"], labels: two[0] },
      { targets: ["b:8000"], labels: two[1] },
    ],
  });
});
