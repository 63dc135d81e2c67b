import { formatDuration } from "../timing.ts";
import { formatThreshold } from "../units.ts";

/** Alerts whose threshold gives a fault its size. */
type SizingAlert =
  | "ExpressLatencyHigh"
  | "ExpressLatencyCritical"
  | "ExpressWaitHigh"
  | "HighConsumerLag"
  | "QueueDepthSpike"
  | "WorkerCrashRateHigh"
  | "OldestTaskTooOld"
  | "RetriesOverdue"
  | "DeadLetterQueueGrowing"
  | "RedisMemoryHigh";

/** A share of requests that spends an error budget of 1 %, and is too small for the alerts on shares. */
export const ONE_IN = 40;

/** Share of its memory from which on the service rejects tasks. */
const MEMORY_CEILING = 0.8;
/** Workers that a busy machine can start in a second. */
const STARTS_PER_SECOND = 2.1;

/**
 * The size of each fault: a threshold and a margin. The margin is written by hand. A fault for one alert stays below the
 * threshold of the higher-severity one.
 *
 * @param limit the threshold of an alert
 * @returns the sizes; reading one throws FaultSizeError if the thresholds leave no room for it
 */
export function sizesFor(limit: (alert: SizingAlert) => number) {
  return {
    get slowAnswerMs() {
      const critical = limit("ExpressLatencyCritical");
      return 1000 * below("ExpressLatencyCritical", sum(limit("ExpressLatencyHigh"), 0.1), critical);
    },
    get verySlowAnswerMs() {
      return 1000 * sum(Math.max(limit("ExpressLatencyCritical"), limit("ExpressWaitHigh")), 0.3);
    },
    /** Tasks: a backlog that is behind and not deep. */
    get smallBacklog() {
      return below("QueueDepthSpike", limit("HighConsumerLag") + 50, limit("QueueDepthSpike"));
    },
    get flood() {
      return Math.max(limit("QueueDepthSpike"), limit("HighConsumerLag")) + 150;
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
      return 1000 / below("the rate at which workers start", 2 * limit("WorkerCrashRateHigh"), STARTS_PER_SECOND);
    },
    /** Between two kills of one type's worker: half the rate at which WorkerCrashRateHigh fires. */
    get seldomKillMs() {
      const leastMs = 2000 / limit("WorkerCrashRateHigh");
      return Math.max(4000, below("the time between two crashes that persist", leastMs, 6000));
    },
    get filledRatio() {
      const [least, most] = [sum(limit("RedisMemoryHigh"), 0.02), sum(MEMORY_CEILING, -0.025)];
      return Math.min(sum(below("the memory ceiling of the service", least, most), 0.03), most);
    },
    get oldTaskMs() {
      return 2000 * limit("OldestTaskTooOld");
    },
    get overdueMs() {
      return 5000 * limit("RetriesOverdue");
    },
    /** More dead letters than alert, in the window of the alert. */
    get deadLetters() {
      return 2 * limit("DeadLetterQueueGrowing");
    },
  } as const;
}

export type FaultSizes = ReturnType<typeof sizesFor>;

/**
 * What the fault of an alert reaches, whatever the threshold: the share of requests, workers or time that fails, or the
 * number of losses.
 */
const REACH: Readonly<Partial<Record<string, { readonly below: number } | { readonly above: number }>>> = {
  HighACKFailureRate: { below: 0.9 },
  // About as many first attempts fail as all attempts that succeed.
  ACKSuccessRateDegradation: { above: 0.65 },
  TaskFailureRateHigh: { below: 0.9 },
  SubmissionsFailing: { below: 0.9 },
  TypeSubmissionsFailing: { below: 0.9 },
  // One of two hangs.
  WorkersMissing: { above: 0.5 },
  // A minute in every minute and a half.
  ServiceUnstable: { below: 0.6 },
  TasksUnaccounted: { below: 1 },
  // Alertmanager tries every five minutes of the fifteen.
  NotificationsFailing: { below: 3.5 },
};

/** @throws FaultSizeError if the fault of an alert does not reach its threshold */
export function requireReach(alert: string, threshold: number): void {
  const reach = REACH[alert];
  if (reach === undefined) return;
  const reached = "below" in reach ? threshold < reach.below : threshold > reach.above;
  if (!reached) throw new FaultSizeError(`The fault of ${alert} does not reach its threshold of ${threshold}`, alert);
}

/** Thresholds leave no room for a fault. */
export class FaultSizeError extends Error {
  readonly code = "FAULT_SIZE";
  readonly subject: string;

  constructor(message: string, subject: string) {
    super(message);
    this.name = "FaultSizeError";
    this.subject = subject;
  }
}

/** Rounds off floating-point noise. */
function sum(a: number, b: number): number {
  return Number((a + b).toPrecision(12));
}

function below(bound: string, size: number, most: number): number {
  if (size < most) return size;
  throw new FaultSizeError(
    `A fault of ${size} would reach ${bound} (${most}) as well: set the thresholds further apart`,
    bound,
  );
}

/** A real fault, injected from outside, that must make an alert fire; and how it is removed. One line each. */
type Fault = { readonly inject: (sizes: FaultSizes) => string; readonly remove: string };

/** Every fault, by the id that the drill uses too. `none` is for an alert that always fires. */
export const FAULTS = {
  "revoke-ack": {
    inject: () => "The service's Redis user loses XACK and XACKDEL",
    remove: "The permission is given back",
  },
  "flap-ack": {
    inject: () => "XACK on one queue is denied now and then, so first attempts fail and retries succeed",
    remove: "The permission stays",
  },
  "stall-upstream-small-backlog": {
    inject: ({ smallBacklog }) =>
      `The market API holds every request while ${smallBacklog} regular ml tasks are submitted`,
    remove: "The market API answers the held requests",
  },
  "stall-upstream-flood": {
    inject: ({ flood }) => `The market API holds every request while ${flood} regular ml tasks are submitted`,
    remove: "The market API answers the held requests",
  },
  "slow-upstream": {
    inject: ({ slowAnswerMs }) => `The chat API answers in ${formatThreshold(slowAnswerMs / 1000, "seconds")}`,
    remove: "The chat API is fast again",
  },
  "very-slow-upstream": {
    inject: ({ verySlowAnswerMs }) => `The chat API answers in ${formatThreshold(verySlowAnswerMs / 1000, "seconds")}`,
    remove: "The chat API is fast again",
  },
  "kill-workers": {
    inject: ({ killIntervalMs }) =>
      `A worker process gets SIGKILL every ${formatThreshold(killIntervalMs / 1000, "seconds")}, of each type in turn`,
    remove: "Workers are no longer killed",
  },
  "stop-service": { inject: () => "The service is stopped with SIGTERM", remove: "The service is started" },
  "starve-workers": {
    inject: () => "The service's Redis user loses XREADGROUP: the service runs, and its workers read nothing",
    remove: "The permission is given back",
  },
  "slow-calls": {
    inject: ({ verySlowAnswerMs }) =>
      `The chat API answers one request in ${ONE_IN} in ${formatThreshold(verySlowAnswerMs / 1000, "seconds")}`,
    remove: "It answers all of them fast again",
  },
  "failing-calls": {
    inject: () => `The chat API rejects one request in ${ONE_IN} with 400`,
    remove: "It accepts all of them again",
  },
  "failing-upstream": {
    inject: () => "The chat API rejects every request with 400",
    remove: "The chat API accepts requests again",
  },
  "fill-redis": {
    inject: ({ filledRatio }) => `An unrelated key fills Redis to ${percent(filledRatio)} of its memory`,
    remove: "The key is deleted",
  },
  "lose-an-entry": {
    inject: () => "A waiting task is deleted from its stream out of band",
    remove: "The task is submitted again under its own id, and the lost one is written off",
  },
  "scale-type-to-zero": {
    inject: () => "The workers of type ml are scaled to zero while ml tasks are submitted",
    remove: "They are scaled up again",
  },
  "kill-workers-of-a-type": {
    inject: () => "The worker of type ml gets SIGKILL again and again, too seldom for WorkerCrashRateHigh",
    remove: "It is no longer killed",
  },
  "flap-service": {
    inject: () => "The service is unreachable for a minute in every minute and a half, too briefly for NoActiveWorkers",
    remove: "It stays reachable",
  },
  "refuse-submissions": {
    inject: () => "The service's Redis user loses XADD, so every submission is answered with 503",
    remove: "The permission is given back",
  },
  "refuse-submissions-of-a-lane": {
    inject: () =>
      "The service's Redis user may no longer add to the regular ml queue, so its tasks are answered with 503 and others are accepted",
    remove: "The permission is given back",
  },
  "pause-with-an-old-task": {
    inject: ({ oldTaskMs }) =>
      `The type ml is paused, and its queue holds a task that was submitted ${formatDuration(oldTaskMs)} ago`,
    remove: "The type is resumed",
  },
  "refuse-promotion": {
    inject: () => "The service's Redis user may no longer add to the regular ml queue, and a delayed task is overdue",
    remove: "The permission is given back",
  },
  "leave-bypass-on": {
    inject: () => "An operator switches the express bypass on and leaves it on",
    remove: "It is switched off",
  },
  "refuse-redis-state": {
    inject: () => "The service's Redis user loses INFO, so the state of the queues cannot be read",
    remove: "The permission is given back",
  },
  "hang-a-worker": {
    inject: () => "One of two workers of type ml hangs: it gets SIGSTOP",
    remove: "It gets SIGCONT",
  },
  "hide-a-replica": {
    inject: () => "Service discovery no longer lists one of two replicas",
    remove: "It lists both again",
  },
  "fail-snapshots": {
    inject: () => "A folder is in the way of Redis' snapshot file, so the snapshot fails",
    remove: "The folder is removed, and a snapshot is written",
  },
  "revoke-webhook": {
    inject: () => "The webhook of a Slack channel is revoked while an alert of another service is to be sent there",
    remove: "The webhook works again",
  },
  "break-a-rule": {
    inject: () => "A rule is added that cannot be evaluated",
    remove: "The rules that ship are loaded again",
  },
  "break-alertmanager-configuration": {
    inject: () => "Alertmanager gets a configuration that it rejects",
    remove: "It gets its former one",
  },
  none: { inject: () => "None: the alert fires as long as alerting works", remove: "None" },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultId = keyof typeof FAULTS;

function percent(ratio: number): string {
  return formatThreshold(ratio, "ratio");
}
