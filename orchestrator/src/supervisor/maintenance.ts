import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import { Autoscaler } from "./autoscaler.ts";
import { Loop } from "./loop.ts";
import type { Supervisor } from "./supervisor.ts";

/** How often the window of the acknowledgement success rate moves. */
const ACK_WINDOW_INTERVAL_MS = 5_000;
/** How often a replica reports its presence. */
const PRESENCE_INTERVAL_MS = 1_000;
/** How often the checks of `/readyz` run without a request, for the log. */
const SELF_CHECK_INTERVAL_MS = 30_000;

/** Tasks that are due within this time are moved in one round, because a round for each would be too expensive. */
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
  /** Reports the presence of this replica, and releases entries of ended ones. */
  readonly presence: { runOnce(): Promise<unknown> };
  /** Removes consumers that are gone. */
  readonly janitor: { runOnce(): Promise<unknown> };
  /** Discards dead letters that exceed the limits. */
  readonly trimDeadLetters: () => Promise<unknown>;
  readonly ackWindow: { read(): Promise<unknown> };
  readonly readiness: { check(): Promise<unknown> };
  /** Messages that wait or run, by type. */
  readonly readLag: () => Promise<ReadonlyMap<string, number>>;
};

export type PromotionDeps = {
  /** Moves delayed tasks and retries that are due into their queues. */
  readonly promoter: {
    runOnce(): Promise<{
      readonly nextDueMs: number | undefined;
      readonly failures: readonly { readonly queue: string; readonly error: string }[];
    }>;
  };
  /** Longest pause. Bounds the delay of tasks that were not announced, such as retries of an ended replica. */
  readonly intervalMs: number;
  readonly log: Log;
};

export type Promotion = {
  readonly loop: Loop;
  /** Announces a delayed task, which may be due before all tasks that the loop knows. */
  delayed(delayMs: number): void;
};

/** Creates the loop that promotes tasks. It sleeps until the next one is due. */
export function createPromotion({ promoter, intervalMs, log }: PromotionDeps): Promotion {
  let pauseMs = PROMOTION_PAUSE_MS;
  let failing: ReadonlyMap<string, string> = new Map();
  /** Logs each failure at its start and at its end. */
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
    spread: false,
    log,
    run: async () => {
      // The pause after a failed round.
      pauseMs = intervalMs;
      const { nextDueMs = intervalMs, failures } = await promoter.runOnce();
      report(failures);
      pauseMs = Math.min(intervalMs, Math.max(PROMOTION_PAUSE_MS, nextDueMs));
    },
  });
  return { loop, delayed: (delayMs) => loop.within(Math.max(PROMOTION_PAUSE_MS, delayMs)) };
}

/** Creates the periodic tasks of the main process, except promotion. */
export function createLoops(deps: MaintenanceDeps): Loop[] {
  const { config, log, supervisor, leases, presence, janitor, ackWindow, readiness } = deps;
  const { leaseIntervalMs, janitorIntervalMs } = config.delivery;
  const loop = (name: string, intervalMs: number, run: () => Promise<unknown>) =>
    new Loop({ name, intervalMs, log, run });
  const loops = [
    loop("renewal of leases", leaseIntervalMs, () => leases.runOnce(supervisor.alive(), leaseIntervalMs)),
    // At once, and so before a worker has read anything: entries of a replica that is not registered are released only as
    // orphans when it crashes.
    new Loop({
      name: "presence",
      intervalMs: PRESENCE_INTERVAL_MS,
      immediate: true,
      log,
      run: () => presence.runOnce(),
    }),
    loop("removal of gone consumers", janitorIntervalMs, () => janitor.runOnce()),
    loop("limits of the dead letter queue", janitorIntervalMs, () => deps.trimDeadLetters()),
    loop("acknowledgement window", ACK_WINDOW_INTERVAL_MS, () => ackWindow.read()),
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
