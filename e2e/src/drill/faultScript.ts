import { alertNamed, scaleMs, type TimingProfile } from "@mcp-orchestrator/alerts";
import { alertsOf } from "./expectation.ts";
import { predict } from "./prediction.ts";
import type { Scenario } from "./scenario.ts";
import type { Script, Stage } from "./script.ts";

/** What a loaded machine may add to any step. */
const SLACK_MS = 15_000;

/** The course of a fault: injected, seen, told, all its consequences there, healed, over. */
export function faultScript(scenario: Scenario, profile: TimingProfile): Script {
  const { id, alert, fault, expectation } = scenario;
  const budget = predict(scenario, profile);
  const completeMs = longestDetectionMs(scenario, profile);
  return {
    id,
    title: `${alert}: ${fault.inject}`,
    kind: "fault",
    expectation,
    load: scenario.load(profile),
    replicas: 1,
    expectedMs: completeMs + budget.resolvedMs,
    budget,
    async run({ bench, watch, timeline, wait, onEnd }: Stage) {
      const names = alertsOf(expectation);
      const told = names.filter((name) => !expectation[name]?.inhibited);
      timeline.reach("injected");
      const active = await fault.start(bench);
      onEnd(() => active.heal());
      await wait(`${alert} to be pending`, budget.pendingMs + SLACK_MS, () => watch.pending(alert));
      timeline.reach("pending");
      await wait(`${alert} to fire`, budget.firingMs + SLACK_MS, () => watch.firing([alert]));
      timeline.reach("firing");
      await wait(`the message about ${alert}`, budget.notifiedMs + SLACK_MS, () => watch.notified([alert], "firing"));
      timeline.reach("notified");
      await wait("every consequence of the fault", completeMs + SLACK_MS, async () => {
        await watch.firing(names);
        watch.notified(told, "firing");
        await watch.inhibiting();
      });
      timeline.reach("complete");
      timeline.reach("healed");
      await active.heal();
      await wait("everything to be over and told", 2 * budget.resolvedMs + SLACK_MS, async () => {
        await watch.silent();
        watch.notified(told, "resolved");
      });
      timeline.reach("resolved");
    },
  };
}

/** Time until the slowest of the expected alerts has been told. */
function longestDetectionMs(scenario: Scenario, profile: TimingProfile): number {
  const each = alertsOf(scenario.expectation).map((name) => {
    const { forMs, windowMs = 0 } = alertNamed(name);
    return forMs + windowMs;
  });
  return scaleMs(scenario.fillMs + Math.max(...each), profile) + profile.alertmanager.groupWaitMs;
}
