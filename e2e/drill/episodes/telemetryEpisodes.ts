import { type AlertName, minutes, scaleMs, seconds, type TimingProfile } from "@mcp-orchestrator/alerts";
import { stallFlood } from "../faults/index.ts";
import { predict, profileOf } from "../judge/prediction.ts";
import type { Episode, EpisodeContext } from "./episode.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";

/** An incident that is under way while the means to see it fail: no resolved message may be sent before it has ended. */
type Loss = Pick<Episode, "id" | "title"> & {
  /** At most this much faster than production: something that takes its time would take too long otherwise. */
  readonly mostFactor?: number;
  lose(context: EpisodeContext): Promise<void>;
};

/** Shorter than the `for` of NoActiveWorkers and OrchestratorTargetDown, which are about longer ones. */
const OUTAGE_MS = seconds(75);
const SLACK_MS = 20_000;

const LOSSES: readonly Loss[] = [
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
    // It looks for its targets five seconds after its start, whatever the timing.
    mostFactor: 10,
    async lose({ drill, hadScrapeGap }) {
      const fromMs = Date.now();
      await drill.stack.prometheus.server.stop();
      await drill.stack.prometheus.server.start();
      // It takes an alert up as pending and restores its state with the next evaluations.
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
];

/** What is lost, in the middle of a deep queue. */
export function telemetryEpisodes(profile: TimingProfile): Episode[] {
  const depth = SCENARIOS.find(({ fault }) => fault === stallFlood);
  if (depth === undefined) throw new RangeError("No scenario has the flood");
  return LOSSES.map(({ mostFactor = profile.factor, ...loss }) =>
    telemetryEpisode(loss, depth, profileOf(Math.min(profile.factor, mostFactor))),
  );
}

function telemetryEpisode(
  { lose, ...loss }: Omit<Loss, "mostFactor">,
  scenario: Scenario,
  profile: TimingProfile,
): Episode {
  const { alert, fault, expectation } = scenario;
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
    expectedMs: budget.notifiedMs + scaleMs(minutes(12), profile) + budget.resolvedMs,
    async run(context) {
      const { faultContext, watch, timeline, wait, observe, onEnd } = context;
      timeline.reach("injected");
      const active = await fault.start(faultContext);
      onEnd(() => active.remove());
      await wait(`the message about ${alert}`, budget.notifiedMs + SLACK_MS, () => watch.notified([alert], "firing"));
      timeline.reach("notified");
      await wait("every consequence of the fault", scaleMs(minutes(12), profile) + SLACK_MS, async () => {
        await watch.firing(names);
        await watch.inhibiting();
      });
      await lose(context);
      // Any wrong notification would arrive within this time.
      await observe(afterMs);
      await wait("every alert to fire still", SLACK_MS, () => watch.firing(names));
      timeline.reach("complete");
      timeline.reach("removed");
      await active.remove();
      await wait("everything to be over and notified", 2 * budget.resolvedMs + SLACK_MS, async () => {
        await watch.silent();
        watch.notified(notified, "resolved");
      });
      timeline.reach("resolved");
    },
  };
}
