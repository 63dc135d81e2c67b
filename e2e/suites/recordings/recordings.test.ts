import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AlertName, alertNamed, buildCatalogue, labelsOf, PRODUCTION, renderRules, resolveBundle } from "@mcp-orchestrator/alerts";
import { PROMETHEUS_RELEASES, promtool, run } from "@mcp-orchestrator/alerts/tools";
import { dump } from "js-yaml";
import { describe, expect, onTestFinished, test } from "vitest";
import { ALWAYS_FIRING, ANY, alertsOf, type Expectation } from "../../drill/judge/expectation.ts";
import { SCENARIOS } from "../../drill/episodes/scenarios.ts";
import { RECORDED_INSTANCE, type Recording, recordings, secondsAt } from "../../drill/recordings/recording.ts";

/** Real incidents against the rules that ship: a change of a rule is tried on all of them without a stack. */

const INTERVAL = `${PRODUCTION.prometheus.scrapeIntervalMs / 1000}s`;
const kept = recordings();
/** Recorded with the thresholds and the scope that ship. */
const shipped = buildCatalogue(resolveBundle({}));

test("there is a recording of every fault, and of nothing else", () => {
  expect(kept.map(({ id }) => id).sort()).toEqual(SCENARIOS.map(({ id }) => id).sort());
});

describe.each(PROMETHEUS_RELEASES)("Prometheus %s", (release) => {
  test.each(kept)("$id: nothing fires before the fault, all of it at its end, nothing after", async (recording) => {
    const folder = mkdtempSync(join(tmpdir(), "mcp-orchestrator-replay-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, "rules.yml"), renderRules(PRODUCTION, shipped));
    writeFileSync(join(folder, "test.yml"), dump(replay(recording), { noRefs: true, lineWidth: -1 }));
    const { ok, output } = await run(promtool(release), ["test", "rules", "test.yml"], { cwd: folder });
    expect(ok ? "" : output).toBe("");
  });
});

function replay({ id, scrapes, series }: Recording) {
  const expectation = SCENARIOS.find((scenario) => scenario.id === id)?.expectation ?? {};
  const at = (scrape: number, expected: Expectation) => ({
    expr: `ALERTS{alertstate="firing", alertname!="${ALWAYS_FIRING}"}`,
    eval_time: `${secondsAt(scrape)}s`,
    exp_samples: samplesOf(expected),
  });
  return {
    rule_files: ["rules.yml"],
    evaluation_interval: INTERVAL,
    tests: [
      {
        interval: INTERVAL,
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [at(scrapes.injected, {}), at(scrapes.removed, expectation), at(scrapes.all, {})],
      },
    ],
  };
}

function samplesOf(expectation: Expectation) {
  return alertsOf(expectation).flatMap((name) =>
    (expectation[name]?.instances ?? []).map((instance) => {
      const own = Object.entries(instance).map(([label, value]) => [label, value === ANY ? RECORDED_INSTANCE : value]);
      const labels = {
        alertname: name,
        alertstate: "firing",
        ...labelsOf(alertNamed(name as AlertName), shipped.bundle),
        ...Object.fromEntries(own),
      };
      const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return { labels: `ALERTS{${pairs.join(", ")}}`, value: 1 };
    }),
  );
}
