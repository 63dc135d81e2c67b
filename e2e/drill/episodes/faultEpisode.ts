import { type AlertName, alertNamed, faultText, scaleMs, type TimingProfile } from "@mcp-orchestrator/alerts";
import { alertsOf } from "../judge/expectation.ts";
import { groupWaitMs, predict } from "../judge/prediction.ts";
import { type FaultPlan, planFor } from "../runbooks/plan.ts";
import type { InstanceOf } from "../runbooks/runbookRunner.ts";
import type { Episode, EpisodeContext } from "./episode.ts";
import type { Scenario } from "./scenario.ts";

/** What a loaded machine may add to any step. */
const SLACK_MS = 15_000;

/** The course of a fault: injected, detected, notified, all its consequences visible, removed, over. */
export function faultEpisode(scenario: Scenario, profile: TimingProfile): Episode {
  const { id, alert, fault, expectation, replicas = 1 } = scenario;
  const budget = predict(scenario, profile);
  const completeMs = longestDetectionMs(scenario, profile);
  const plan = planOf(scenario);
  const instanceOf: InstanceOf = (name) => expectation[name as AlertName]?.instances[0] ?? {};
  return {
    id,
    title: `${alert}: ${faultText(fault.id).inject}`,
    kind: "fault",
    expectation,
    profile,
    load: scenario.load(profile),
    replicas,
    expectedMs: completeMs + budget.resolvedMs,
    budget,
    ...(scenario.traces === undefined ? {} : { traces: scenario.traces }),
    ...(scenario.startsProcesses === undefined ? {} : { startsProcesses: scenario.startsProcesses }),
    async run({ faultContext, watch, timeline, wait, runbooks, onEnd }: EpisodeContext) {
      const claimed = plan.diagnosis.filter(({ command }) => command.healthy !== undefined);
      await runbooks.checkHealthy(claimed, instanceOf);
      const names = alertsOf(expectation);
      const notified = names.filter((name) => !expectation[name]?.inhibited);
      timeline.reach("injected");
      const active = await fault.start(faultContext);
      onEnd(() => active.remove());
      await wait(`${alert} to be pending`, budget.pendingMs + SLACK_MS, () => watch.pending(alert));
      timeline.reach("pending");
      await wait(`${alert} to fire`, budget.firingMs + SLACK_MS, () => watch.firing([alert]));
      timeline.reach("firing");
      await wait(`the message about ${alert}`, budget.notifiedMs + SLACK_MS, () => watch.notified([alert], "firing"));
      timeline.reach("notified");
      await wait("every consequence of the fault", completeMs + SLACK_MS, async () => {
        await watch.firing(names);
        watch.notified(notified, "firing");
        await watch.inhibiting();
      });
      timeline.reach("complete");
      await runbooks.diagnose(plan.diagnosis, instanceOf);
      timeline.reach("diagnosed");
      timeline.reach("removed");
      if (!scenario.fixedByRunbook) await active.remove();
      await runbooks.mitigate(plan.mitigation, instanceOf);
      await wait("everything to be over and notified", 2 * budget.resolvedMs + SLACK_MS, async () => {
        await watch.silent();
        watch.notified(notified, "resolved");
      });
      timeline.reach("resolved");
    },
  };
}

/** The commands that a runbook runner runs for a scenario. */
export function planOf({ alert, fault, runbooks = [alert] }: Scenario): FaultPlan {
  return planFor(fault.id, runbooks);
}

/** Time until the slowest of the expected alerts has been notified. */
function longestDetectionMs(scenario: Scenario, profile: TimingProfile): number {
  const each = alertsOf(scenario.expectation).map((name) => {
    const { forMs, windowMs = 0, severity } = alertNamed(name);
    return scaleMs(scenario.fillMs + forMs + windowMs, profile) + groupWaitMs(severity, profile);
  });
  return Math.max(...each);
}
