import { hours, minutes, type TimingProfile } from "@mcp-orchestrator/alerts";
import { SETTINGS } from "mcp-orchestrator/settings";

/** The shortest intervals that the service and two busy cores allow. */
const SHORTEST_MS = {
  BLOCK_MS: 500,
  HEARTBEAT_INTERVAL_MS: 500,
  LEASE_INTERVAL_MS: 1_000,
  ORPHAN_RECOVERY_INTERVAL_MS: 1_000,
  ORPHAN_MIN_IDLE_MS: 3_000,
  JANITOR_INTERVAL_MS: 1_000,
  PROMOTE_INTERVAL_MS: 500,
  RETRY_BASE_MS: 50,
  RETRY_CAP_MS: 1_000,
} as const satisfies Partial<Record<keyof typeof SETTINGS, number>>;

/** The settings of the service in a drill: its default intervals divided by the factor, as far as that is possible. */
export function serviceEnvironment(profile: TimingProfile): Record<string, string> {
  const scaled = (productionMs: number, leastMs: number) =>
    Math.max(leastMs, Math.round(productionMs / profile.factor));
  const intervals = Object.fromEntries(
    Object.entries(SHORTEST_MS).map(([name, leastMs]) => [
      name,
      scaled(Number(SETTINGS[name as keyof typeof SHORTEST_MS].fallback), leastMs),
    ]),
  );
  // A stalled upstream must hold its tasks for as long as the fault is on. A timeout would end the fault.
  const upstreamTimeoutMs = scaled(minutes(20), 60_000);
  const values = {
    // Few processes, because each start slows tasks. An episode that needs a second worker has a second replica.
    WORKERS_PER_TYPE: 1,
    // Without autogroups (sched(7)) a lower priority would apply against the processes of all stacks.
    WORKER_NICE: 0,
    ...intervals,
    UPSTREAM_TIMEOUT_MS: upstreamTimeoutMs,
    TASK_TIMEOUT_MS: upstreamTimeoutMs + minutes(1),
    WORKER_UNRESPONSIVE_MS: upstreamTimeoutMs + minutes(2),
    // Tasks are looked up at the end of an episode, which takes more than an hour at production timing.
    RESULT_TTL_SECONDS: hours(24) / 1_000,
    // A worker that is killed once a second must be back within a second.
    WORKER_RESTART_MAX_MS: 500,
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}
