import {
  type AlertName,
  alertNamed,
  drillProfile,
  evaluationIntervalMs,
  faultText,
  requireFault,
  scaleMs,
  type TimingProfile,
} from "@mcp-orchestrator/alerts";
import { INSTALLATION } from "../../stack/installation.ts";
import { FAULT_INJECTIONS } from "../faults/index.ts";
import { alertsOf, type Expectation, within } from "../judge/expectation.ts";
import { groupWaitMs, PATIENCE_MS, patienceForResolvedMs, predict } from "../judge/prediction.ts";
import { type FaultPlan, lookBackMs, planFor, REMEMBERED_MS, type RunbookCommand } from "../runbooks/plan.ts";
import type { InstanceOf } from "../runbooks/runbookRunner.ts";
import type { Episode, EpisodeContext } from "./episode.ts";
import type { Scenario } from "./scenario.ts";

/** Windows of objectives are shorter than the rest by this much more: three days take twelve minutes at 1/60. */
export const LONG_WINDOW_FACTOR = 6;

/**
 * The course of a fault: injected, detected, notified, all consequences visible, removed, resolved.
 *
 * @throws FaultSizeError if the thresholds in force leave no room for it
 */
export function faultEpisode(scenario: Scenario, ordinary: TimingProfile): Episode {
  const profile = scenario.budgets === undefined ? ordinary : drillProfile(ordinary.factor, LONG_WINDOW_FACTOR);
  const { id, alert, fault, replicas = 1 } = scenario;
  requireFault(alert, fault);
  const expectation = within(INSTALLATION, scenario.expectation);
  const budget = predict(scenario, profile);
  const completeMs = longestDetectionMs(scenario, profile);
  const plan = planOf(scenario);
  const claimed = claimsOf(plan);
  const instanceOf: InstanceOf = (name) => expectation[name as AlertName]?.instances[0] ?? {};
  return {
    id,
    title: `${alert}: ${faultText(fault).inject}`,
    kind: "fault",
    expectation,
    profile,
    load: scenario.load(profile),
    replicas,
    expectedMs: completeMs + budget.resolvedMs,
    budget,
    held: heldOf(expectation, profile),
    ...(scenario.budgets === undefined ? {} : { budgets: scenario.budgets }),
    ...(looksFarBack(scenario) ? { needsFreshStack: true } : {}),
    ...(scenario.traces === undefined ? {} : { traces: scenario.traces }),
    ...(scenario.startsProcesses === undefined ? {} : { startsProcesses: scenario.startsProcesses }),
    async run({ faultContext, watch, timeline, wait, runbooks, onEnd }: EpisodeContext) {
      await runbooks.checkHealthy(claimed, instanceOf);
      const names = alertsOf(expectation);
      const notified = names.filter((name) => !expectation[name]?.inhibited);
      timeline.reach("injected");
      const active = await FAULT_INJECTIONS[fault](faultContext);
      onEnd(() => active.remove());
      await wait(`${alert} to be pending`, budget.pendingMs + PATIENCE_MS, () => watch.pending(alert));
      timeline.reach("pending");
      await wait(`${alert} to fire`, budget.firingMs + PATIENCE_MS, () => watch.firing([alert]));
      timeline.reach("firing");
      await wait(`the message about ${alert}`, budget.notifiedMs + PATIENCE_MS, () =>
        watch.notified([alert], "firing"),
      );
      timeline.reach("notified");
      await wait("every consequence of the fault", completeMs + PATIENCE_MS, async () => {
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
      await wait("every alert to be resolved and notified", patienceForResolvedMs(budget), async () => {
        await watch.silent();
        watch.notified(notified, "resolved");
      });
      timeline.reach("resolved");
    },
  };
}

/** How long each expected alert must be pending before it fires, and how often it is evaluated. */
export function heldOf(expectation: Expectation, profile: TimingProfile): NonNullable<Episode["held"]> {
  return Object.fromEntries(
    alertsOf(expectation).map((name) => {
      const alert = alertNamed(name);
      const heldMs = alert.forMs === 0 ? 0 : scaleMs(alert.forMs, profile);
      return [name, { heldMs, evaluationMs: evaluationIntervalMs(alert, profile) }];
    }),
  );
}

/** The commands that a runbook runner runs for a scenario. */
export function planOf({ alert, fault, runbooks = [alert], replicas = 1 }: Scenario): FaultPlan {
  return planFor(fault, runbooks, replicas);
}

/** Whether an earlier episode of its stack would make an alert on a budget late, or a claim about a healthy system wrong. */
export function looksFarBack(scenario: Scenario): boolean {
  return (
    scenario.budgets !== undefined ||
    claimsOf(planOf(scenario)).some(({ command }) => lookBackMs(command) > REMEMBERED_MS)
  );
}

/** The commands of the diagnosis that say what they show in a healthy system. */
function claimsOf({ diagnosis }: FaultPlan): RunbookCommand[] {
  return diagnosis.filter(({ command }) => command.healthy !== undefined);
}

/** Time until the slowest of the expected alerts has been notified. */
function longestDetectionMs(scenario: Scenario, profile: TimingProfile): number {
  const each = alertsOf(scenario.expectation).map((name) => {
    const { forMs, windowMs = 0, severity, objective } = alertNamed(name);
    // The long windows of objectives need not fill.
    const longestMs = scenario.fillMs + forMs + (objective === undefined ? windowMs : 0);
    return scaleMs(longestMs, profile) + groupWaitMs(severity, profile);
  });
  return Math.max(...each);
}
