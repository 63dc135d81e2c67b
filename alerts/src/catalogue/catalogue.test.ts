import { describe, expect, test } from "vitest";
import { resolveBundle } from "../bundle/index.ts";
import { renderPromtoolTests } from "../render/promtoolTests.ts";
import { ruleFile } from "../render/ruleFile.ts";
import { renderRunbook } from "../render/runbooks.ts";
import { PRODUCTION } from "../timing.ts";
import { ALERTS, buildCatalogue, GROUPS, SHIPPED_ALERTS } from "./index.ts";

describe("an overridden threshold", () => {
  const catalogue = buildCatalogue(resolveBundle({ thresholds: { QueueDepthSpike: 2000, ExpressLatencyHigh: 0.25 } }));
  const changed = catalogue.groups.flatMap((group) => group.alerts);
  const rules = ruleFile(PRODUCTION, catalogue).groups.flatMap((group) => group.rules);
  const rule = (name: string) => rules.find((each) => "alert" in each && each.alert === name);
  const alert = (name: string) => {
    const found = changed.find((each) => each.name === name);
    if (found === undefined) throw new Error(name);
    return found;
  };

  test("is in the rule, its texts and the runbook", () => {
    expect(rule("QueueDepthSpike")).toMatchObject({
      expr: expect.stringMatching(/> 2000$/m),
      annotations: {
        summary: expect.stringContaining("2000 messages"),
        description: expect.stringContaining("2000 messages"),
      },
    });
    const runbook = renderRunbook(alert("QueueDepthSpike"));
    expect(runbook).toContain("more than 2000 messages");
    expect(runbook).not.toMatch(/\b500\b/);
    expect(renderRunbook(alert("ExpressLatencyHigh"))).toContain("250 ms");
  });

  test("leaves out the samples for the default threshold, and says so", () => {
    const together = changed.filter(({ evaluatedEveryMs }) => evaluatedEveryMs === undefined);
    const tests = renderPromtoolTests("rules.yml", together);
    expect(tests).toContain("# Left out, since their thresholds are overridden: QueueDepthSpike, ExpressLatencyHigh");
    expect(tests).not.toContain("QueueDepthSpike:");
    expect(tests).toContain("HighConsumerLag:");
  });
});

describe.each(SHIPPED_ALERTS.map((alert) => ({ alert, name: alert.name })))("the samples of $name", ({ alert }) => {
  const { cases, threshold } = alert.samples;
  const expectations = cases.flatMap((each) => each.expect);

  test("are for the default threshold", () => {
    expect(threshold).toBe(alert.threshold.value);
  });

  test("show it silent, pending, firing and resolved, with its annotations", () => {
    expect(cases.some(({ annotated }) => annotated !== undefined)).toBe(true);
    expect(expectations.some(({ firing = [] }) => firing.length > 0)).toBe(true);
    if (alert.forMs === 0) return;
    expect(
      expectations.filter(({ pending = [], firing = [] }) => pending.length + firing.length === 0).length,
    ).toBeGreaterThan(2);
    expect(cases.some((each) => resolves(each.expect))).toBe(true);
  });

  test("show it pending one evaluation before it fires, and firing when its time has passed", () => {
    if (alert.forMs === 0) return;
    const exact = cases.some((each) =>
      each.expect.some(({ at, pending = [] }, index) => {
        const next = each.expect[index + 1];
        return pending.length > 0 && (next?.firing ?? []).length > 0 && secondsBetween(at, next?.at ?? at) === 15;
      }),
    );
    expect(exact).toBe(true);
  });

  test("are of the minimum number", () => {
    const least = alert.forMs === 0 ? 1 : isOfTheRunbook(alert.name) ? 9 : 4;
    expect(cases.length).toBeGreaterThanOrEqual(least);
    expect(expectations.length).toBeGreaterThanOrEqual(least * 2);
  });
});

test("Prometheus takes up every `for` after a restart: it does so only where it is not shorter than the grace period", () => {
  const forsMs = ALERTS.filter(({ forMs }) => forMs > 0).map(({ forMs }) => forMs);
  expect(Math.min(...forsMs)).toBeGreaterThanOrEqual(PRODUCTION.prometheus.forGracePeriodMs);
});

/** One of the nine. */
function isOfTheRunbook(name: string): boolean {
  return GROUPS[0]?.alerts.some((alert) => alert.name === name) === true;
}

function resolves(expect: readonly { firing?: readonly unknown[]; pending?: readonly unknown[] }[]): boolean {
  const fired = expect.findIndex(({ firing = [] }) => firing.length > 0);
  return (
    fired >= 0 && expect.slice(fired).some(({ firing = [], pending = [] }) => firing.length + pending.length === 0)
  );
}

function secondsBetween(from: string, to: string): number {
  const seconds = (time: string) => {
    const [, minutes = "0", rest = "0"] = /^(?:(\d+)m)?(?:(\d+)s)?$/.exec(time) ?? [];
    return Number(minutes) * 60 + Number(rest);
  };
  return seconds(to) - seconds(from);
}
