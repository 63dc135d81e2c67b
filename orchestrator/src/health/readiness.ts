import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { WorkerStatus } from "../supervisor/workerStatus.ts";
import { within } from "../within.ts";
import type { Check } from "./selfCheck.ts";

/**
 * The answer of `GET /readyz`: 200 if ready, otherwise 503. `ready` means that the API of this replica can answer requests.
 * `healthy` is stricter: the service as a whole does its work.
 */
export type ReadinessReport = { readonly ready: boolean; readonly healthy: boolean; readonly checks: readonly Check[] };

export type ReadinessDeps = {
  /** The checks of Redis. Must not throw. */
  readonly selfCheck: () => Promise<Check[]>;
  /** Types with tasks that no replica serves. */
  readonly unserved: () => Promise<readonly { readonly type: string; readonly tasks: number }[]>;
  readonly workers: { status(): WorkerStatus[]; wanted(type: string): number };
  readonly types: readonly string[];
  /** Time limit for the start of all types. */
  readonly startTimeoutMs: number;
  readonly monotonicMs: () => number;
  readonly log: Log;
};

/** Name of the check that every type with tasks is served. */
const UNSERVED = "task types";

/** Shorter than the timeout of a probe, which is usually a second. */
const DEADLINE_MS = 800;

/**
 * Checks whether this replica can answer requests, and why not. During the start it is ready once each type has a consuming
 * worker, or the start timeout is over. Later, missing workers do not matter: metrics and alerts report them, and the API
 * must stay available for the other types.
 */
export class Readiness {
  readonly #deps: ReadinessDeps;
  #running: Promise<Check[]> | undefined;
  readonly #startedAtMs: number;
  #started = false;
  #stopping = false;
  #problems = new Map<string, string>();
  #reported = false;

  constructor(deps: ReadinessDeps) {
    this.#deps = deps;
    this.#startedAtMs = deps.monotonicMs();
  }

  /** Runs all checks. Answers within a second, even if Redis does not. */
  async check(): Promise<ReadinessReport> {
    // Simultaneous callers share one round.
    this.#running ??= this.#checkRedis().finally(() => {
      this.#running = undefined;
    });
    const late: Check[] = [{ name: "redis", ok: false, detail: `no answer within ${DEADLINE_MS} ms` }];
    const checks = [...(await within(this.#running, DEADLINE_MS, late)), this.#checkWorkers()];
    if (this.#stopping) checks.unshift({ name: "shutdown", ok: false, detail: "the service is stopping" });
    this.#logChanges(checks);
    this.#logOnce(checks);
    return {
      ready: checks.every(({ ok, advisory }) => ok || advisory === true),
      healthy: checks.every(({ ok }) => ok),
      checks,
    };
  }

  async #checkRedis(): Promise<Check[]> {
    const checks = await this.#deps.selfCheck();
    // Without Redis, the tasks in it are unknown.
    if (checks.some(({ name, ok }) => name === "redis" && !ok)) return checks;
    return [...checks, await this.#checkTypes()];
  }

  /** Advisory: must not take the API of all other types out of the load balancer. */
  async #checkTypes(): Promise<Check> {
    try {
      const unserved = await this.#deps.unserved();
      const list = unserved.map(({ type, tasks }) => `${tasks} tasks of type ${type}`).join(", ");
      return {
        name: UNSERVED,
        ok: unserved.length === 0,
        advisory: true,
        detail: unserved.length === 0 ? "every type with tasks is served" : `no replica serves ${list}`,
      };
    } catch (error) {
      return { name: UNSERVED, ok: false, advisory: true, detail: messageOf(error) };
    }
  }

  /** Reports not ready from now on, because the service is stopping. */
  stopping(): void {
    this.#stopping = true;
  }

  #checkWorkers(): Check {
    const { types, workers } = this.#deps;
    const status = workers.status();
    const without = types.filter(
      (type) => workers.wanted(type) > 0 && !status.some((worker) => worker.type === type && worker.active),
    );
    this.#started ||= without.length === 0 || this.#deps.monotonicMs() - this.#startedAtMs > this.#deps.startTimeoutMs;
    return {
      name: "workers",
      ...(this.#started ? { advisory: true } : {}),
      ok: without.length === 0,
      detail:
        without.length === 0 ? "every type has a consuming worker" : `no consuming worker for ${without.join(", ")}`,
    };
  }

  /** Logs the first complete round as a whole. */
  #logOnce(checks: readonly Check[]): void {
    if (this.#reported || checks.some(({ name, ok }) => name === "redis" && !ok)) return;
    this.#reported = true;
    const summary = checks.map(({ name, ok, detail }) => `${name} ${ok ? "ok" : "not ok"} (${detail})`).join("; ");
    this.#deps.log.info({ checks }, `Self-check: ${summary}`);
  }

  /** Logs each failure at its start and at its end. */
  #logChanges(checks: readonly Check[]): void {
    const problems = new Map(checks.filter((check) => !check.ok).map((check) => [check.name, check.detail]));
    for (const [check, detail] of problems) {
      if (!this.#problems.has(check)) this.#deps.log.warn({ check, detail }, `Check of ${check} failed: ${detail}`);
    }
    for (const check of this.#problems.keys()) {
      if (!problems.has(check)) this.#deps.log.info({ check }, `Check of ${check} passes again`);
    }
    this.#problems = problems;
  }
}
