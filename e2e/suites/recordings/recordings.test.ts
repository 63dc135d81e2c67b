import { type AlertName, alertNamed, labelsOf, resolveBundle, SHIPPED_ALERTS } from "@mcp-orchestrator/alerts";
import { PROMETHEUS_RELEASES, promtool } from "@mcp-orchestrator/alerts/tools";
import { describe, expect, test } from "vitest";
import { ALWAYS_FIRING, ANY, alertsOf, type Expectation } from "../../drill/judge/expectation.ts";
import { scenariosFor } from "../../drill/episodes/scenarios.ts";
import { RECORDED_VALUES, recordings, secondsAt } from "../../drill/recordings/recording.ts";
import { firingOf, replay } from "../../drill/recordings/replay.ts";

/** Recorded incidents against the shipped rules: a change of a rule is tested on all of them without a stack. */

const kept = recordings();
const SHIPPED = resolveBundle({});
const [OLDEST] = PROMETHEUS_RELEASES;
const SCENARIOS = scenariosFor(
  (alert) => SHIPPED_ALERTS.find(({ name }) => name === alert)?.threshold.value ?? Number.NaN,
);

test("every fault has a recording, and no other exists", () => {
  expect(kept.map(({ id }) => id).sort()).toEqual(SCENARIOS.map(({ id }) => id).sort());
});

describe.each(PROMETHEUS_RELEASES)("Prometheus %s", (release) => {
  // `npm run measure -w e2e` notes the time after a change of a rule.
  const title = "$id: nothing fires before the fault, its alert after the noted time, all at its end, none after";
  test.each(kept)(title, async (recording) => {
    const { id, scrapes, firesAfterSeconds = Number.NaN, firesAfterSecondsBefore3 = firesAfterSeconds } = recording;
    const scenario = SCENARIOS.find((one) => one.id === id);
    const { alert = "", expectation = {}, budgets } = scenario ?? {};
    const at = (scrape: number, expected: Expectation) => ({
      expr: `ALERTS{alertstate="firing", alertname!="${ALWAYS_FIRING}"}`,
      scrape,
      samples: samplesOf(expected),
    });
    const firesAfter = release === OLDEST ? firesAfterSecondsBefore3 : firesAfterSeconds;
    const first = scrapes.injected + firesAfter / secondsAt(1);
    const atItsTime = [
      { expr: firingOf(alert), scrape: first - 1, samples: [] },
      { expr: `max(${firingOf(alert)})`, scrape: first, samples: [{ labels: "{}", value: 1 }] },
    ];
    const probes = [
      at(scrapes.injected, {}),
      ...(budgets === undefined ? atItsTime : []),
      at(scrapes.removed, expectation),
      at(scrapes.all, {}),
    ];
    const { ok, output } = await replay(recording, probes, { promtool: promtool(release), scenario: scenario ?? {} });
    expect(ok ? "" : output).toBe("");
  });
});

function samplesOf(expectation: Expectation) {
  return alertsOf(expectation).flatMap((name) =>
    (expectation[name]?.instances ?? []).map((instance) => {
      const own = Object.entries(instance).map(([label, value]) => [label, value === ANY ? RECORDED_VALUES[label] : value]);
      const labels = {
        alertname: name,
        alertstate: "firing",
        ...labelsOf(alertNamed(name as AlertName), SHIPPED),
        ...Object.fromEntries(own),
      };
      const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      return { labels: `ALERTS{${pairs.join(", ")}}`, value: 1 };
    }),
  );
}
