import { LANES, type Lane } from "./metrics/contract.ts";

/** The stream of one lane of a type, with its consumer group. */
export type QueueKeys = {
  readonly type: string;
  readonly lane: Lane;
  /** Stream key, and value of the metric label `queue`. */
  readonly stream: string;
  /** Consumer group, and value of the metric label `group`. */
  readonly group: string;
};

/** All Redis keys of the service. The names are those of the runbook; only the prefix can change. */
export type Keys = ReturnType<typeof createKeys>;

/**
 * Builds the key names.
 *
 * @param prefix `mcp` by default. In a Redis Cluster it must contain a hash tag (`{mcp}`), so that all keys of a script are
 *   in the same slot.
 */
export function createKeys(prefix: string) {
  return {
    prefix,
    /** The stream of one lane of a type, with its group. */
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
    /** Sorted set of delayed tasks and retries of a lane, with the due time in ms as score. */
    delayed: (type: string, lane: Lane) => `${prefix}:delayed:${type}${lane === "express" ? ":express" : ""}`,
    /** Prefix of all record keys. Scripts append the task id. */
    taskPrefix: `${prefix}:task:`,
    /** The record of one task: its stream entry, or how it ended. */
    task: (taskId: string) => `${prefix}:task:${taskId}`,
    /** Prefix of the result hashes of a lane. `resultBucket` of `queue/record.ts` gives the rest. */
    resultsPrefix: (type: string, lane: Lane) => `${prefix}:results:${type}${lane === "express" ? ":express" : ""}:`,
    /** Hash of the task accounting of a type: numbers of completed, dead, delayed and moved tasks per lane. */
    ledger: (type: string) => `${prefix}:ledger:${type}`,
    /** Hash of the runtime switches: rate limit, pauses, express bypass. */
    switches: `${prefix}:controls`,
    /** Token bucket of the rate limit. */
    rateLimit: `${prefix}:rate-limit`,
    /** Sorted set of the consumers of all replicas, with the time of the last heartbeat in ms as score. */
    heartbeats: `${prefix}:heartbeats`,
    /** Hash of the replicas that are present, by id. */
    instances: `${prefix}:instances`,
    /** Hash of the number of tasks that one main process has accepted, by stream. */
    acceptances: (instance: string) => `${prefix}:accepted:${instance}`,
    /** Hash of all task types that any replica has ever had. */
    types: `${prefix}:types`,
    /** Version of the data layout; see `redis/schema.ts`. */
    schema: `${prefix}:schema`,
    /** Written by the readiness check, to test whether Redis accepts writes. */
    probe: `${prefix}:probe`,
  };
}

/**
 * The consumer name of a worker in a group. It stays the same when the worker restarts, so that the worker finds its
 * pending entries.
 *
 * @param instance id of the main process, so that no two processes share a consumer; empty: no suffix
 */
export function consumerName(type: string, lane: Lane, index: number, instance: string): string {
  return `${lane}_${type}_${index}${instance === "" ? "" : `_${instance}`}`;
}
