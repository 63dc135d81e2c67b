import { alertmanagerConfig, bundledEndpoints } from "@mcp-orchestrator/alertmanager";
import { PRODUCTION, resolveBundle } from "@mcp-orchestrator/alerts";
import { expect, test } from "vitest";
import { EQUIVALENTS } from "./equivalents.ts";
import { inhibitionMutants } from "./inhibitions.ts";
import { routeMutants } from "./routes.ts";

const config = alertmanagerConfig(PRODUCTION, bundledEndpoints(), resolveBundle({}));
const routes = routeMutants(config);
const inhibitions = inhibitionMutants(config);
const about = (start: string) =>
  [...routes, ...inhibitions].filter(({ name }) => name.startsWith(start)).map(({ name }) => name.slice(start.length));

test("every mutant differs from the original and from every other", () => {
  for (const mutants of [routes, inhibitions]) {
    const texts = mutants.map((mutant) => JSON.stringify(mutant.config));
    expect(texts).not.toContain(JSON.stringify(config));
    expect(new Set(texts).size).toBe(texts.length);
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(texts.length);
  }
});

test("routes are dropped, moved and inverted, with other receivers and other intervals", () => {
  expect(about("route: pagerduty").filter((change) => !change.startsWith(" of "))).toEqual([
    " dropped",
    " moved up",
    ': matcher severity="critical" dropped',
    ': matcher severity="critical" turned',
    ': matcher page="true" dropped',
    ': matcher page="true" turned',
    ": continue toggled",
    ": sent to team-platform",
    ": sent to slack-critical",
    ": sent to slack-warnings",
    ": sent to deadman",
    ": group_by with queue",
    ": group_wait inherited -> 7s",
    ": group_wait inherited -> 45m",
    ": group_interval inherited -> 7s",
    ": group_interval inherited -> 45m",
    ": repeat_interval inherited -> 7s",
    ": repeat_interval inherited -> 45m",
  ]);
});

test("inhibitions are dropped, inverted, widened and narrowed", () => {
  expect(about('inhibition by alertname="QueueDepthSpike": ')).toEqual([
    "dropped",
    "source and target swapped",
    "source is anything",
    "target is anything",
    "equal without service",
    "equal without queue",
    "equal with severity",
    "target HighConsumerLag dropped",
    "target OldestTaskTooOld dropped",
  ]);
  expect(about('inhibition by alertname="NoActiveWorkers": ')).toContain("target Watchdog added");
});

test("every reason for an equivalent mutant belongs to an existing mutant", () => {
  const names = [...routes, ...inhibitions].map(({ name }) => name);
  for (const { mutant } of EQUIVALENTS)
    expect(
      names.some((name) => mutant.test(name)),
      `${mutant}`,
    ).toBe(true);
});
