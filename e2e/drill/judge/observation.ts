import type { Notification, Rejection } from "../../services/inbox/notification.ts";
import type { TaskAccount } from "../../services/load/ledger.ts";
import type { Instance } from "./expectation.ts";

/** One incident of an alert's instance in Prometheus. */
export type Incident = {
  readonly alertname: string;
  readonly instance: Instance;
  /** First evaluation at which the condition held, epoch ms. */
  readonly pendingAtMs: number;
  /** First evaluation at which it fired; absent where it never did. */
  readonly firingAtMs?: number;
  /** Last evaluation at which it was pending or firing. */
  readonly lastSeenAtMs: number;
};

/** Everything that was recorded of an episode. Times are epoch milliseconds. */
export type Observation = {
  readonly startedAtMs: number;
  /** Absent for an episode that injects nothing. */
  readonly injectedAtMs?: number;
  /** When the removal of the fault began. */
  readonly removedAtMs?: number;
  readonly endedAtMs: number;
  readonly evaluationIntervalMs: number;
  /** Complete, because it is read from Prometheus' record of its alerts. */
  readonly incidents: readonly Incident[];
  readonly notifications: readonly Notification[];
  readonly rejections: readonly Rejection[];
  /** Names of alerts that Alertmanager was seen to inhibit. */
  readonly inhibited: readonly string[];
  readonly tasks: TaskAccount;
};
