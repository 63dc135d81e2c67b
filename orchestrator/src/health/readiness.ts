import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { WorkerStatus } from "../supervisor/workerStatus.ts";
import { within } from "../within.ts";
import type { Check } from "./selfCheck.ts";

/**
 * What `GET /readyz` answers with: 200 when ready, otherwise 503. `ready` is about the API of this replica; `healthy` is
 * false as well where the service as a whole does not do its work.
 */
export type ReadinessReport = { readonly ready: boolean; readonly healthy: boolean; readonly checks: readonly Check[] };

export type ReadinessDeps = {
  /** The checks of Redis; must not throw. */
  readonly selfCheck: () => Promise<Check[]>;
  /** Types with tasks that no replica works on. */
  readonly unserved: () => Promise<readonly { readonly type: string; readonly tasks: number }[]>;
  readonly workers: { status(): WorkerStatus[]; wanted(type: string): number };
  readonly types: readonly string[];
  /** The longest that the start waits for every type to be worked on. */
  readonly startTimeoutMs: number;
  readonly monotonicMs: () => number;
  readonly log: Log;
};

/** The check that every type with tasks is worked on. */
const UNSERVED = "task types";

/** A probe gives up after a second or more; it must have its answer before that. */
const DEADLINE_MS = 800;

/**
 * Tells whether this replica can answer requests, and if not, why. A replica that starts is ready once each of its types
 * was worked on, or has had its time to be. From then on workers do not count: a type that is not worked on is for metrics
 * and alerts to tell, and no reason to take the API of all types away from its clients.
 */
export class Readiness {
  readonly #deps: ReadinessDeps;
  #running: Promise<Check[]> | undefined;
  readonly #startedAtMs: number;
  #started = false;
  #stopping = false;
  #complaints = new Map<string, string>();
  #reported = false;

  constructor(deps: ReadinessDeps) {
    this.#deps = deps;
    this.#startedAtMs = deps.monotonicMs();
  }

  /** Makes all checks. Answers within a second, also when Redis does not. */
  async check(): Promise<ReadinessReport> {
    // One round at a time however many ask.
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
    // Without Redis there is nothing to say about what waits in it.
    if (checks.some(({ name, ok }) => name === "redis" && !ok)) return checks;
    return [...checks, await this.#checkTypes()];
  }

  /** Does not take the API of all other types out of the load balancer: that would make an outage of a left-over. */
  async #checkTypes(): Promise<Check> {
    try {
      const unserved = await this.#deps.unserved();
      const list = unserved.map(({ type, tasks }) => `${tasks} of type ${type}`).join(", ");
      return {
        name: UNSERVED,
        ok: unserved.length === 0,
        advisory: true,
        detail: unserved.length === 0 ? "every type with tasks is worked on" : `no replica works on ${list}`,
      };
    } catch (error) {
      return { name: UNSERVED, ok: false, advisory: true, detail: messageOf(error) };
    }
  }

  /** From now on the service is not ready: it is about to stop. */
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
      detail: without.length === 0 ? "every type has one that consumes" : `none consumes ${without.join(", ")}`,
    };
  }

  /** The first full round is logged as a whole: what the service runs on. */
  #logOnce(checks: readonly Check[]): void {
    if (this.#reported || checks.some(({ name, ok }) => name === "redis" && !ok)) return;
    this.#reported = true;
    const summary = checks.map(({ name, ok, detail }) => `${name} ${ok ? "ok" : "not ok"} (${detail})`).join("; ");
    this.#deps.log.info({ checks }, `Self-check: ${summary}`);
  }

  /** Each complaint is logged once, and its end too. */
  #logChanges(checks: readonly Check[]): void {
    const complaints = new Map(checks.filter((check) => !check.ok).map((check) => [check.name, check.detail]));
    for (const [check, detail] of complaints) {
      if (!this.#complaints.has(check)) this.#deps.log.warn({ check, detail }, `Check of ${check} failed: ${detail}`);
    }
    for (const check of this.#complaints.keys()) {
      if (!complaints.has(check)) this.#deps.log.info({ check }, `Check of ${check} passes again`);
    }
    this.#complaints = complaints;
  }
}
