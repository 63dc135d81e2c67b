import { type AlertName, minutes, scaleMs, seconds, type TimingProfile } from "@mcp-orchestrator/alerts";
import { INSTALLATION } from "../../stack/installation.ts";
import { FAULT_INJECTIONS } from "../faults/index.ts";
import { within } from "../judge/expectation.ts";
import { predict, profileOf } from "../judge/prediction.ts";
import type { Episode, EpisodeContext } from "./episode.ts";
import { heldOf } from "./faultEpisode.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

/** Telemetry fails during an incident: no resolved message may be sent before the incident has ended. */
type Loss = Pick<Episode, "id" | "title"> & {
  /** The largest factor for it: something in it does not scale. */
  readonly mostFactor?: number;
  lose(context: EpisodeContext): Promise<void>;
};

/** Shorter than the `for` of NoActiveWorkers and OrchestratorTargetDown, which report longer gaps. */
const OUTAGE_MS = seconds(75);
/** How long to wait for a step that has not come before an episode is given up. */
const PATIENCE_MS = 20_000;

const LOSSES = [
  {
    id: "scrapes-lost",
    title: "No scrape gets through for a while in an incident",
    async lose({ drill, observe }) {
      for (const gate of drill.gates) gate.close();
      try {
        await observe(scaleMs(OUTAGE_MS, drill.profile));
      } finally {
        for (const gate of drill.gates) gate.open();
      }
    },
  },
  {
    id: "prometheus-restart",
    title: "Prometheus restarts in an incident",
    // Prometheus looks for its targets five seconds after its start, at any scale.
    mostFactor: 10,
    async lose({ drill, hadScrapeGap }) {
      const fromMs = Date.now();
      await drill.stack.prometheus.server.stop();
      await drill.stack.prometheus.server.start();
      // A restarted Prometheus has the alert as pending and restores its state with the next evaluations.
      hadScrapeGap({ fromMs, toMs: Date.now() + 4 * drill.profile.prometheus.evaluationIntervalMs });
    },
  },
  {
    id: "alertmanager-restart",
    title: "Alertmanager restarts in an incident",
    async lose({ drill }) {
      await drill.stack.alertmanager.server.stop();
      await drill.stack.alertmanager.server.start();
    },
  },
] as const satisfies readonly Loss[];
export type LossId = (typeof LOSSES)[number]["id"];

/** The failure of telemetry, during a deep queue. */
export function telemetryEpisodes(profile: TimingProfile): Episode[] {
  const depth = SCENARIOS.find(({ fault }) => fault === "stall-upstream-flood");
  if (depth === undefined) throw new RangeError("No scenario has the flood");
  const all: readonly Loss[] = LOSSES;
  return all.map(({ mostFactor = profile.factor, ...loss }) =>
    telemetryEpisode(loss, depth, profileOf(Math.min(profile.factor, mostFactor))),
  );
}

function telemetryEpisode(
  { lose, ...loss }: Omit<Loss, "mostFactor">,
  scenario: Scenario,
  profile: TimingProfile,
): Episode {
  const { alert, fault } = scenario;
  const expectation = within(INSTALLATION, scenario.expectation);
  const budget = predict(scenario, profile);
  const names = Object.keys(expectation) as AlertName[];
  const notified = names.filter((name) => !expectation[name]?.inhibited);
  const afterMs = scaleMs(minutes(2), profile);
  return {
    ...loss,
    kind: "telemetry",
    profile,
    expectation,
    load: scenario.load(profile),
    replicas: 1,
    held: heldOf(expectation, profile),
    expectedMs: budget.notifiedMs + scaleMs(minutes(12), profile) + budget.resolvedMs,
    async run(context) {
      const { faultContext, watch, timeline, wait, observe, onEnd } = context;
      timeline.reach("injected");
      const active = await FAULT_INJECTIONS[fault](faultContext);
      onEnd(() => active.remove());
      await wait(`the message about ${alert}`, budget.notifiedMs + PATIENCE_MS, () =>
        watch.notified([alert], "firing"),
      );
      timeline.reach("notified");
      await wait("every consequence of the fault", scaleMs(minutes(12), profile) + PATIENCE_MS, async () => {
        await watch.firing(names);
        await watch.inhibiting();
      });
      await lose(context);
      // A false notification would arrive within this time.
      await observe(afterMs);
      await wait("every alert to be still firing", PATIENCE_MS, () => watch.firing(names));
      timeline.reach("complete");
      timeline.reach("removed");
      await active.remove();
      await wait("every alert to be resolved and notified", 2 * budget.resolvedMs + PATIENCE_MS, async () => {
        await watch.silent();
        watch.notified(notified, "resolved");
      });
      timeline.reach("resolved");
    },
  };
}
