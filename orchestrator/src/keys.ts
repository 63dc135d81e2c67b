import { LANES, type Lane } from "./metrics/contract.ts";

/** One work stream with its consumer group. */
export type QueueKeys = {
  readonly type: string;
  readonly lane: Lane;
  /** Stream key, and value of the metric label `queue`. */
  readonly stream: string;
  /** Consumer group, and value of the metric label `group`. */
  readonly group: string;
};

/** Every Redis key of the service. Names are the runbook's; only the prefix can change. */
export type Keys = ReturnType<typeof createKeys>;

/**
 * Builds the key names.
 *
 * @param prefix `mcp` by default. In a Redis Cluster it must hold a hash tag (`{mcp}`), so that the scripts which touch
 *   a stream, its retries and its records together find them in one slot.
 */
export function createKeys(prefix: string) {
  return {
    prefix,
    /** The work stream of a type's lane, with its group. */
    queue(type: string, lane: Lane): QueueKeys {
      const express = lane === "express";
      return {
        type,
        lane,
        stream: `${prefix}:queue:${type}${express ? ":express" : ""}`,
        group: `mcp_${lane}_${type}`,
      };
    },
    /** Both lanes of a type, express first. */
    queues(type: string): QueueKeys[] {
      return LANES.map((lane) => this.queue(type, lane));
    },
    /** Dead letters of all types. */
    deadLetters: `${prefix}:queue:dlq`,
    /** Sorted set of a lane's entries that wait for a retry or a delayed start; scored by due time in ms. */
    delayed: (type: string, lane: Lane) => `${prefix}:delayed:${type}${lane === "express" ? ":express" : ""}`,
    /** What every record key starts with; scripts append the task id. */
    taskPrefix: `${prefix}:task:`,
    /** The record of one task: where it is, or how it ended. */
    task: (taskId: string) => `${prefix}:task:${taskId}`,
    /** What the keys of a lane's result hashes start with; `resultBucket` of `queue/record.ts` follows. */
    resultsPrefix: (type: string, lane: Lane) => `${prefix}:results:${type}${lane === "express" ? ":express" : ""}:`,
    /** Hash of the task accounting of a type, by lane: what was completed, dead, delayed, moved; the snapshot reads it. */
    ledger: (type: string) => `${prefix}:ledger:${type}`,
    /** Hash of the switches that all replicas share: rate limit, pauses, express bypass. */
    controls: `${prefix}:controls`,
    /** Token bucket of the rate limit. */
    rateLimit: `${prefix}:rate-limit`,
    /** Sorted set of the consumers of all replicas, scored by their last heartbeat in ms. */
    heartbeats: `${prefix}:heartbeats`,
    /** Hash of the replicas that are there, by id. */
    instances: `${prefix}:instances`,
    /** Hash of what one life of a replica has accepted, by stream. */
    acceptances: (instance: string) => `${prefix}:accepted:${instance}`,
    /** Hash of every task type that a replica has ever had. */
    types: `${prefix}:types`,
    /** Version of the layout of all these keys; `redis/schema.ts` has what it means. */
    schema: `${prefix}:schema`,
    /** What readiness writes to see whether Redis takes writes. */
    probe: `${prefix}:probe`,
  };
}

/**
 * Name of a worker's consumer in a group; stable over restarts of the worker, so that it finds what it had pending.
 *
 * @param instance id of this life of the main process: no two processes ever share a consumer. Empty leaves it out
 */
export function consumerName(type: string, lane: Lane, index: number, instance: string): string {
  return `${lane}_${type}_${index}${instance === "" ? "" : `_${instance}`}`;
}
