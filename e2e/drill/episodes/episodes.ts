import type { TimingProfile } from "@mcp-orchestrator/alerts";
import type { Script } from "./episode.ts";
import { faultScript } from "./faultEpisode.ts";
import { SCENARIOS } from "./scenarios.ts";
import { controlScripts } from "./silenceControls.ts";
import { telemetryScripts } from "./telemetryEpisodes.ts";

/** Nothing of that name can be drilled. */
export class UnknownScriptError extends Error {
  readonly code = "UNKNOWN_SCRIPT";
  readonly subject: string;

  constructor(name: string, known: readonly string[]) {
    super(`There is no alert and no control ${name}. Known: ${known.join(", ")}`);
    this.name = "UnknownScriptError";
    this.subject = name;
  }
}

/**
 * Every script of the drill, or those that are asked for.
 *
 * @param only names of alerts, ids of scripts, or one of the kinds `faults`, `controls`, `telemetry`; empty for all
 * @throws UnknownScriptError
 */
export function scriptsFor(profile: TimingProfile, only: readonly string[] = []): Script[] {
  const faults = SCENARIOS.map((scenario) => ({
    names: [scenario.alert as string, scenario.id, "faults"],
    script: faultScript(scenario, profile),
  }));
  const controls = controlScripts(profile).map((script) => ({ names: [script.id, "controls"], script }));
  const telemetry = telemetryScripts(profile).map((script) => ({ names: [script.id, "telemetry"], script }));
  const all = [...faults, ...controls, ...telemetry];
  for (const name of only) {
    if (all.some(({ names }) => names.includes(name))) continue;
    throw new UnknownScriptError(name, [...new Set(all.flatMap(({ names }) => names))]);
  }
  return all
    .filter(({ names }) => only.length === 0 || names.some((name) => only.includes(name)))
    .map(({ script }) => script);
}
