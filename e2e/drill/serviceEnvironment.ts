import { minutes, seconds, type TimingProfile } from "@mcp-orchestrator/alerts";

/**
 * The service's own intervals, as close to their production length divided by the factor as the service and a busy
 * machine of two cores allow.
 */
export function serviceEnvironment(profile: TimingProfile): Record<string, string> {
  const scaled = (productionMs: number, leastMs: number) =>
    Math.max(leastMs, Math.round(productionMs / profile.factor));
  // A stalled upstream must hold its tasks for as long as the fault is on: a client's time-out would end the fault.
  const upstreamTimeoutMs = scaled(minutes(20), 60_000);
  const values = {
    // Each process that starts is slow tasks for everybody else; what needs a second worker has a second replica.
    WORKERS_PER_TYPE: 1,
    // Stacks share the machine: without autogroups (sched(7)) a worker would have a lower priority than the processes of all of them.
    WORKER_NICE: 0,
    BLOCK_MS: scaled(seconds(2), 500),
    HEARTBEAT_INTERVAL_MS: scaled(seconds(5), 500),
    LEASE_INTERVAL_MS: scaled(seconds(10), 1_000),
    ORPHAN_RECOVERY_INTERVAL_MS: scaled(seconds(30), 1_000),
    ORPHAN_MIN_IDLE_MS: scaled(minutes(1), 3_000),
    JANITOR_INTERVAL_MS: scaled(minutes(1), 1_000),
    PROMOTE_INTERVAL_MS: scaled(seconds(5), 500),
    RETRY_BASE_MS: scaled(seconds(2), 50),
    RETRY_CAP_MS: scaled(minutes(1), 1_000),
    UPSTREAM_TIMEOUT_MS: upstreamTimeoutMs,
    TASK_TIMEOUT_MS: upstreamTimeoutMs + minutes(1),
    WORKER_UNRESPONSIVE_MS: upstreamTimeoutMs + minutes(2),
    // A worker that is killed once a second must come back within the next one, to be there to be killed.
    WORKER_RESTART_MAX_MS: 500,
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}
