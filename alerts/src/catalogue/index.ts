import { THRESHOLD_OVERRIDES } from "../../thresholds.ts";
import { CatalogueError } from "../errors.ts";
import { ackSuccessRateDegradation } from "./ackSuccessRateDegradation/alert.ts";
import { type Alert, resolveAlert } from "./alert.ts";
import { deadLetterQueueGrowing } from "./deadLetterQueueGrowing/alert.ts";
import { expressLatencyCritical } from "./expressLatencyCritical/alert.ts";
import { expressLatencyHigh } from "./expressLatencyHigh/alert.ts";
import { highAckFailureRate } from "./highAckFailureRate/alert.ts";
import { highConsumerLag } from "./highConsumerLag/alert.ts";
import { noActiveWorkers } from "./noActiveWorkers/alert.ts";
import { orchestratorTargetDown } from "./orchestratorTargetDown/alert.ts";
import { queueDepthSpike } from "./queueDepthSpike/alert.ts";
import { redisMemoryHigh } from "./redisMemoryHigh/alert.ts";
import { taskFailureRateHigh } from "./taskFailureRateHigh/alert.ts";
import { tasksUnaccounted } from "./tasksUnaccounted/alert.ts";
import { watchdog } from "./watchdog/alert.ts";
import { workerCrashRateHigh } from "./workerCrashRateHigh/alert.ts";

/** The nine alerts of the runbook, in its order. */
const ORCHESTRATOR = [
  highAckFailureRate,
  ackSuccessRateDegradation,
  highConsumerLag,
  queueDepthSpike,
  expressLatencyHigh,
  expressLatencyCritical,
  workerCrashRateHigh,
  noActiveWorkers,
  taskFailureRateHigh,
] as const;

/** What the nine rest on: Redis, the dead letters, the books, the targets, and alerting itself. */
const PLATFORM = [redisMemoryHigh, deadLetterQueueGrowing, tasksUnaccounted, orchestratorTargetDown, watchdog] as const;

/** Name of an alert of the catalogue. */
export type AlertName = (typeof ORCHESTRATOR | typeof PLATFORM)[number]["name"];

/** Alerts that are evaluated together, one after the other. */
export type AlertGroup = { readonly name: string; readonly alerts: readonly Alert<AlertName>[] };

/**
 * The whole catalogue with a user's thresholds.
 *
 * @throws CatalogueError when an override names no alert, or a threshold cannot be used
 */
export function buildCatalogue(overrides: Readonly<Record<string, number>>): readonly AlertGroup[] {
  const definitions = [...ORCHESTRATOR, ...PLATFORM];
  for (const name of Object.keys(overrides)) {
    if (definitions.some((definition) => definition.name === name)) continue;
    const known = definitions.map((definition) => definition.name).join(", ");
    throw new CatalogueError(
      "UNKNOWN_ALERT",
      name,
      `A threshold is set for ${name}, which is no alert. Known: ${known}`,
    );
  }
  const resolve = (group: typeof ORCHESTRATOR | typeof PLATFORM) =>
    group.map((definition) => resolveAlert<AlertName>(definition, overrides));
  return [
    { name: "mcp-orchestrator", alerts: resolve(ORCHESTRATOR) },
    { name: "mcp-orchestrator-platform", alerts: resolve(PLATFORM) },
  ];
}

/** The catalogue as it is generated: with the thresholds of `thresholds.ts`. */
export const GROUPS: readonly AlertGroup[] = buildCatalogue(THRESHOLD_OVERRIDES);

/** Every alert of the catalogue. */
export const ALERTS: readonly Alert<AlertName>[] = GROUPS.flatMap((group) => group.alerts);

/** The alert of a name. */
export function alertNamed(name: AlertName): Alert<AlertName> {
  const found = ALERTS.find((alert) => alert.name === name);
  if (found === undefined) throw new CatalogueError("UNKNOWN_ALERT", name, `There is no alert ${name}`);
  return found;
}
