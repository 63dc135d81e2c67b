import type { TimingProfile } from "@mcp-orchestrator/alerts";
import type { Episode } from "./episode.ts";
import { faultEpisode } from "./faultEpisode.ts";
import { SCENARIOS } from "./scenarios.ts";
import { controlEpisodes } from "./silenceControls.ts";
import { telemetryEpisodes } from "./telemetryEpisodes.ts";

/** Nothing of that name can be drilled. */
export class UnknownEpisodeError extends Error {
  readonly code = "UNKNOWN_SCRIPT";
  readonly subject: string;

  constructor(name: string, known: readonly string[]) {
    super(`There is no alert and no control ${name}. Known: ${known.join(", ")}`);
    this.name = "UnknownEpisodeError";
    this.subject = name;
  }
}

/**
 * Every episode of the drill, or those that are asked for.
 *
 * @param only names of alerts, ids of episodes, or one of the kinds `faults`, `controls`, `telemetry`; empty for all
 * @throws UnknownEpisodeError
 */
export function scriptsFor(profile: TimingProfile, only: readonly string[] = []): Episode[] {
  const faults = SCENARIOS.map((scenario) => ({
    names: [scenario.alert as string, scenario.id, "faults"],
    episode: faultEpisode(scenario, profile),
  }));
  const controls = controlEpisodes(profile).map((episode) => ({ names: [episode.id, "controls"], episode }));
  const telemetry = telemetryEpisodes(profile).map((episode) => ({ names: [episode.id, "telemetry"], episode }));
  const all = [...faults, ...controls, ...telemetry];
  for (const name of only) {
    if (all.some(({ names }) => names.includes(name))) continue;
    throw new UnknownEpisodeError(name, [...new Set(all.flatMap(({ names }) => names))]);
  }
  return all
    .filter(({ names }) => only.length === 0 || names.some((name) => only.includes(name)))
    .map(({ episode }) => episode);
}
