import type { CrashReason } from "../metrics/contract.ts";
import type { Heartbeat } from "./protocol.ts";

type WorkerState = "running" | "restarting" | "stopping" | "stopped";

/** One worker as `GET /api/v1/workers/status` returns it. Times are ages in milliseconds. */
export type WorkerStatus = {
  readonly worker: string;
  readonly type: string;
  readonly index: number;
  readonly state: WorkerState;
  /** Alive and consuming: its heartbeat and the last poll of both lanes are recent. */
  readonly active: boolean;
  readonly pid: number | undefined;
  readonly restarts: number;
  readonly upMs: number;
  readonly heartbeatAgeMs: number | undefined;
  readonly pollAgeMs: Heartbeat["pollAgeMs"] | undefined;
  readonly inFlight: number;
  readonly rssBytes: number;
  /** Why it starts no tasks at the moment; empty if it does. */
  readonly paused: string;
  readonly lastCrash: { readonly reason: CrashReason; readonly agoMs: number } | undefined;
};
