import type { TimingProfile } from "@mcp-orchestrator/alerts";
import type { Episode } from "./episode.ts";
import { faultEpisode } from "./faultEpisode.ts";
import { baselineEpisodes } from "./healthyBaselines.ts";
import { SCENARIOS } from "./scenarios.ts";
import { telemetryEpisodes } from "./telemetryEpisodes.ts";

/** Unknown name of an alert or an episode. */
export class UnknownEpisodeError extends Error {
  readonly code = "UNKNOWN_EPISODE";
  readonly subject: string;

  constructor(name: string, known: readonly string[]) {
    super(`There is no alert and no baseline ${name}. Known: ${known.join(", ")}`);
    this.name = "UnknownEpisodeError";
    this.subject = name;
  }
}

/** The id of every episode. */
export function episodeIds(profile: TimingProfile): string[] {
  return namedEpisodes(profile).map(({ id }) => id);
}

/**
 * Every episode of the drill, or the ones that `only` names.
 *
 * @param only names of alerts, ids of episodes, or one of the kinds `faults`, `baselines`, `telemetry`; empty for all
 * @throws UnknownEpisodeError; FaultSizeError if thresholds leave no room for one of them
 */
export function episodesFor(profile: TimingProfile, only: readonly string[] = []): Episode[] {
  const all = namedEpisodes(profile);
  for (const name of only) {
    if (all.some(({ names }) => names.includes(name))) continue;
    throw new UnknownEpisodeError(name, [...new Set(all.flatMap(({ names }) => names))]);
  }
  return all
    .filter(({ names }) => only.length === 0 || names.some((name) => only.includes(name)))
    .map(({ make }) => make());
}

function namedEpisodes(profile: TimingProfile) {
  const faults = SCENARIOS.map((scenario) => ({
    id: scenario.id as string,
    names: [scenario.alert as string, scenario.id, "faults"],
    make: () => faultEpisode(scenario, profile),
  }));
  const named = (episodes: readonly Episode[], kind: string) =>
    episodes.map((episode) => ({ id: episode.id, names: [episode.id, kind], make: () => episode }));
  return [
    ...faults,
    ...named(baselineEpisodes(profile), "baselines"),
    ...named(telemetryEpisodes(profile), "telemetry"),
  ];
}
