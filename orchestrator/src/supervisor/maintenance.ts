import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import { Autoscaler } from "./autoscaler.ts";
import { Loop } from "./loop.ts";
import type { Supervisor } from "./supervisor.ts";

/** How often the window of the acknowledgement success rate moves on. */
const ACK_WINDOW_INTERVAL_MS = 5_000;
/** How often a replica says that it is there; a predecessor elsewhere has ended when it was silent for four times as long. */
const PRESENCE_INTERVAL_MS = 1_000;
/** How often the checks of `/readyz` are made for the log without a request. */
const SELF_CHECK_INTERVAL_MS = 30_000;

/** Tasks that are due within this long of each other are moved together: a look for each would cost more than it is worth. */
const PROMOTION_PAUSE_MS = 50;

export type MaintenanceDeps = {
  readonly config: Config;
  readonly log: Log;
  readonly supervisor: Supervisor;
  readonly types: readonly string[];
  /** Renews the leases of live workers. */
  readonly leases: {
    runOnce(workers: readonly { type: string; index: number }[], minIdleMs: number): Promise<unknown>;
  };
  /** Says that this replica is there, and takes over from its predecessors. */
  readonly presence: { runOnce(): Promise<unknown> };
  /** Removes consumers that are gone. */
  readonly janitor: { runOnce(): Promise<unknown> };
  /** Discards dead letters over the limits of their queue. */
  readonly trimDeadLetters: () => Promise<unknown>;
  readonly ackWindow: { read(): unknown };
  readonly readiness: { check(): Promise<unknown> };
  /** Messages that wait or run, by type. */
  readonly readLag: () => Promise<ReadonlyMap<string, number>>;
};

export type PromotionDeps = {
  /** Moves due retries and delayed tasks into their queues. */
  readonly promoter: {
    runOnce(): Promise<{
      readonly nextDueMs: number | undefined;
      readonly failures: readonly { readonly queue: string; readonly error: string }[];
    }>;
  };
  /** Longest pause: what was not announced is found after it, such as the retries of a replica that is gone. */
  readonly intervalMs: number;
  readonly log: Log;
};

export type Promotion = {
  readonly loop: Loop;
  /** To be notified of every task that was delayed, and for how long: it may be due before all that the loop knows of. */
  delayed(delayMs: number): void;
};

/** The loop that moves tasks when they are due: it sleeps until the next one is. */
export function createPromotion({ promoter, intervalMs, log }: PromotionDeps): Promotion {
  let pauseMs = PROMOTION_PAUSE_MS;
  let failing: ReadonlyMap<string, string> = new Map();
  /** Each failure is logged when it begins, and when it ends. */
  const report = (failures: readonly { readonly queue: string; readonly error: string }[]) => {
    const now = new Map(failures.map(({ queue, error }) => [queue, error]));
    for (const [queue, error] of now) {
      if (!failing.has(queue)) log.error({ queue, error }, `Promotion of ${queue} fails: ${error}`);
    }
    for (const queue of failing.keys()) {
      if (!now.has(queue)) log.info({ queue }, `Promotion of ${queue} works again`);
    }
    failing = now;
  };
  const loop = new Loop({
    name: "promotion of due tasks",
    intervalMs: () => pauseMs,
    jitter: 0,
    log,
    run: async () => {
      // Should it fail.
      pauseMs = intervalMs;
      const { nextDueMs = intervalMs, failures } = await promoter.runOnce();
      report(failures);
      pauseMs = Math.min(intervalMs, Math.max(PROMOTION_PAUSE_MS, nextDueMs));
    },
  });
  return { loop, delayed: (delayMs) => loop.within(Math.max(PROMOTION_PAUSE_MS, delayMs)) };
}

/** The loops of the main process beside it: everything that is done again and again beside serving requests. */
export function createLoops(deps: MaintenanceDeps): Loop[] {
  const { config, log, supervisor, leases, presence, janitor, ackWindow, readiness } = deps;
  const { leaseIntervalMs, janitorIntervalMs } = config.delivery;
  const loop = (name: string, intervalMs: number, run: () => Promise<unknown>) =>
    new Loop({ name, intervalMs, log, run });
  const loops = [
    loop("renewal of leases", leaseIntervalMs, () => leases.runOnce(supervisor.alive(), leaseIntervalMs)),
    loop("presence", PRESENCE_INTERVAL_MS, () => presence.runOnce()),
    loop("removal of gone consumers", janitorIntervalMs, () => janitor.runOnce()),
    loop("limits of the dead letter queue", janitorIntervalMs, () => deps.trimDeadLetters()),
    loop("acknowledgement window", ACK_WINDOW_INTERVAL_MS, async () => ackWindow.read()),
    loop("self-check", SELF_CHECK_INTERVAL_MS, () => readiness.check()),
  ];
  if (config.autoscale.enabled) loops.push(autoscaleLoop(deps));
  return loops;
}

function autoscaleLoop({ config, log, supervisor, types, readLag }: MaintenanceDeps): Loop {
  const autoscalers = new Map(types.map((type) => [type, new Autoscaler(config.autoscale)]));
  return new Loop({
    name: "autoscaling",
    intervalMs: config.autoscale.intervalMs,
    log,
    run: async () => {
      const lags = await readLag();
      for (const [type, autoscaler] of autoscalers) {
        const workers = supervisor.wanted(type);
        const wanted = autoscaler.decide(lags.get(type) ?? 0, workers);
        if (wanted !== workers) supervisor.scale(type, wanted);
      }
    },
  });
}
