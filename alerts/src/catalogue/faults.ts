import { formatThreshold } from "../units.ts";
import { type AlertName, alertNamed } from "./index.ts";

/** Every fault, by the key under which the drill implements it. `none` stands for an alert that always fires. */
export const FAULT_IDS = [
  "revoke-ack",
  "flap-ack",
  "stall-upstream-small-backlog",
  "stall-upstream-flood",
  "slow-upstream",
  "very-slow-upstream",
  "kill-workers",
  "stop-service",
  "starve-workers",
  "failing-upstream",
  "fill-redis",
  "lose-an-entry",
  "none",
] as const;

export type FaultId = (typeof FAULT_IDS)[number];

/** Share of its memory from which on the service rejects tasks. */
const MEMORY_CEILING = 0.8;

/**
 * How large faults are: a threshold and a margin, which is written by hand. A fault that is about one alert stays below
 * the threshold of the higher-severity one.
 *
 * @param limit the threshold of an alert
 * @returns each size when it is asked for; one that thresholds leave no room for throws FaultSizeError
 */
export function sizesFor(limit: (alert: AlertName) => number) {
  return {
    get slowAnswerMs() {
      const critical = limit("ExpressLatencyCritical");
      return 1000 * below("ExpressLatencyCritical", sum(limit("ExpressLatencyHigh"), 0.1), critical);
    },
    get verySlowAnswerMs() {
      return 1000 * sum(limit("ExpressLatencyCritical"), 0.3);
    },
    /** Tasks: a backlog that is behind and not deep. */
    get smallBacklog() {
      return below("QueueDepthSpike", limit("HighConsumerLag") + 50, limit("QueueDepthSpike"));
    },
    get flood() {
      return limit("QueueDepthSpike") + 150;
    },
    /** Tasks that are drained in time: more than the depth that alerts. */
    get burst() {
      return limit("QueueDepthSpike") + 200;
    },
    /** Backlog that a fault may gather without being an incident of its own. */
    get harmlessBacklog() {
      return Math.floor(0.7 * limit("HighConsumerLag"));
    },
    /** Between two kills: twice the rate that alerts. */
    get killIntervalMs() {
      return 1000 / (2 * limit("WorkerCrashRateHigh"));
    },
    get filledRatio() {
      return below("the memory ceiling of the service", sum(limit("RedisMemoryHigh"), 0.05), MEMORY_CEILING);
    },
  } as const;
}

/** The sizes by the thresholds in force. */
export const FAULT_SIZES = sizesFor((alert) => alertNamed(alert).threshold.value);

/** Thresholds leave no room for a fault between them. */
export class FaultSizeError extends Error {
  readonly code = "FAULT_SIZE";
  readonly subject: string;

  constructor(bound: string, size: number, most: number) {
    super(`A fault of ${size} would reach ${bound} (${most}) as well: set the thresholds further apart`);
    this.name = "FaultSizeError";
    this.subject = bound;
  }
}

/** Without the noise of binary fractions. */
function sum(a: number, b: number): number {
  return Number((a + b).toPrecision(12));
}

function below(bound: string, size: number, most: number): number {
  if (size >= most) throw new FaultSizeError(bound, size, most);
  return size;
}

/** A real fault, done to the stack from outside, that must make an alert fire; and what undoes it. One line each. */
export type FaultText = { readonly inject: string; readonly remove: string };

const TEXTS: Readonly<Record<FaultId, { readonly inject: () => string; readonly remove: string }>> = {
  "revoke-ack": {
    inject: () => "The service's Redis user loses XACK and XACKDEL",
    remove: "The permission is given back",
  },
  "flap-ack": {
    inject: () => "XACK on one queue is refused on and off, so that first attempts fail and retries succeed",
    remove: "The permission stays",
  },
  "stall-upstream-small-backlog": {
    inject: () => `The market API holds every request while ${FAULT_SIZES.smallBacklog} regular ml tasks are submitted`,
    remove: "The market API answers what it held",
  },
  "stall-upstream-flood": {
    inject: () => `The market API holds every request while ${FAULT_SIZES.flood} regular ml tasks are submitted`,
    remove: "The market API answers what it held",
  },
  "slow-upstream": {
    inject: () => `The chat API answers in ${formatThreshold(FAULT_SIZES.slowAnswerMs / 1000, "seconds")}`,
    remove: "The chat API is fast again",
  },
  "very-slow-upstream": {
    inject: () => `The chat API answers in ${formatThreshold(FAULT_SIZES.verySlowAnswerMs / 1000, "seconds")}`,
    remove: "The chat API is fast again",
  },
  "kill-workers": {
    inject: () =>
      `A worker process gets SIGKILL every ${formatThreshold(FAULT_SIZES.killIntervalMs / 1000, "seconds")}, of each type in turn`,
    remove: "The killing stops",
  },
  "stop-service": { inject: () => "The service is stopped with SIGTERM", remove: "The service is started" },
  "starve-workers": {
    inject: () => "The service's Redis user loses XREADGROUP: the service lives and its workers get nothing",
    remove: "The permission is given back",
  },
  "failing-upstream": {
    inject: () => "The chat API rejects every request with 400",
    remove: "The chat API accepts requests again",
  },
  "fill-redis": {
    inject: () => `A key that is not the service's fills Redis to ${percent(FAULT_SIZES.filledRatio)} of its memory`,
    remove: "The key is deleted",
  },
  "lose-an-entry": {
    inject: () => "A waiting task is deleted from its stream out of band",
    remove: "The task is submitted again under its own id, and the lost one is written off",
  },
  none: { inject: () => "None: the alert fires as long as alerting works", remove: "None" },
};

/** What a fault does and what undoes it, with its size by the thresholds in force. */
export function faultText(id: FaultId): FaultText {
  const { inject, remove } = TEXTS[id];
  return { inject: inject(), remove };
}

const percent = (ratio: number) => formatThreshold(ratio, "ratio");
