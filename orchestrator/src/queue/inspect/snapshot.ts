import type { Keys, QueueKeys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { Script } from "../../redis/script.ts";
import { parseServerRelease, type ServerRelease } from "../../redis/serverRelease.ts";
import { parseServerState, type ServerState } from "../../redis/serverState.ts";
import { type ControlsState, parseControls } from "../controls.ts";
import { entryTimeMs } from "../taskId.ts";

const script = new Script("snapshot");

/** One queue at one moment. */
export type QueueState = QueueKeys & {
  /** Entries in the stream. */
  readonly depth: number;
  /** Delivered and not acknowledged. */
  readonly pending: number;
  /** Undelivered plus pending. With delete-on-acknowledge and one group, that is the depth; XINFO's `lag` is not. */
  readonly lag: number;
  /** Age of the oldest entry; 0 when there is none. */
  readonly oldestAgeSeconds: number;
  /** Tasks that wait for a retry or a delayed start. */
  readonly delayed: number;
  /** How long the first of them has been due; 0 when none is. */
  readonly overdueSeconds: number;
  /**
   * Accepted minus (completed + dead + waiting + running + retrying + written off), plus what a replica was answered to be
   * accepted and Redis no longer knows: not 0 means lost or doubled.
   */
  readonly unaccounted: number;
  /** Lost tasks that an operator has written off. */
  readonly writtenOff: number;
};

export type UnreadableQueue = Pick<QueueKeys, "type" | "lane" | "stream"> & { readonly error: string };

/** All queues at one moment, with what the service's gauges need beside them. */
export type QueueSnapshot = {
  readonly nowMs: number;
  readonly queues: readonly QueueState[];
  /** Queues that Redis could not read, such as one whose key holds another type of value. */
  readonly unreadable: readonly UnreadableQueue[];
  /** Undefined where the dead letter queue cannot be read. */
  readonly deadLetters: number | undefined;
  readonly server: ServerRelease & ServerState;
  readonly controls: ControlsState;
};

/**
 * Reads the state of all queues in one round trip, of the same cost whatever their depth.
 *
 * @param configuredRate rate limit that holds while the switch is not set
 */
export async function readSnapshot(
  redis: RedisClient,
  keys: Keys,
  types: readonly string[],
  configuredRate: number,
): Promise<QueueSnapshot> {
  const queues = types.flatMap((type) => keys.queues(type));
  const [now, deadLetters, info, controls, ...states] = await script.run<RawSnapshot>(
    redis,
    [
      keys.deadLetters,
      keys.controls,
      ...queues.flatMap(({ stream, type, lane }) => [stream, keys.delayed(type, lane), keys.ledger(type)]),
    ],
    queues.flatMap(({ group, lane }) => [group, lane]),
  );
  const nowMs = Number(now);
  const readable: QueueState[] = [];
  const unreadable: UnreadableQueue[] = [];
  for (const [at, queue] of queues.entries()) {
    const state = states[at] ?? "no reply";
    const { type, lane, stream } = queue;
    if (typeof state === "string") unreadable.push({ type, lane, stream, error: state });
    else readable.push(queueState(queue, state, nowMs));
  }
  return {
    nowMs,
    queues: readable,
    unreadable,
    deadLetters: typeof deadLetters === "number" ? deadLetters : undefined,
    server: { ...parseServerRelease(info), ...parseServerState(info) },
    controls: parseControls(pairs(controls), configuredRate),
  };
}

type RawState = [
  depth: number,
  pending: number,
  added: number,
  firstId: string,
  firstTimestamp: string,
  delayed: number,
  completed: number,
  dead: number,
  moved: number,
  delayedInAll: number,
  writtenOff: number,
  lost: number,
  firstDueMs: string,
];
type RawSnapshot = [
  now: string,
  deadLetters: number | string,
  info: string,
  controls: string[],
  ...(RawState | string)[],
];

function queueState(queue: QueueKeys, state: RawState, nowMs: number): QueueState {
  const [
    depth,
    pending,
    added,
    firstId,
    firstTimestamp,
    delayed,
    completed,
    dead,
    moved,
    delayedInAll,
    writtenOff,
    lost,
    firstDueMs,
  ] = state;
  return {
    ...queue,
    depth,
    pending,
    lag: depth,
    oldestAgeSeconds: depth === 0 ? 0 : Math.max(0, nowMs - enqueuedAtMs(firstId, firstTimestamp, nowMs)) / 1000,
    delayed,
    overdueSeconds: firstDueMs === "" ? 0 : Math.max(0, nowMs - Number(firstDueMs)) / 1000,
    unaccounted: added + delayedInAll - moved - completed - dead - depth - delayed - writtenOff + lost,
    writtenOff,
  };
}

/** The time of an entry's id, unless that lies in the future: then its timestamp field, or a stuck queue would look fresh. */
function enqueuedAtMs(entryId: string, timestamp: string, nowMs: number): number {
  const idMs = entryTimeMs(entryId);
  const fieldMs = idMs > nowMs ? Date.parse(timestamp) : Number.NaN;
  return Number.isNaN(fieldMs) ? idMs : fieldMs;
}

function pairs(flat: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) record[flat[at] as string] = flat[at + 1] as string;
  return record;
}
