import type { Keys, QueueKeys } from "../../keys.ts";
import type { RedisClient } from "../../redis/connection.ts";
import { parseInfo } from "../../redis/info.ts";
import { Script } from "../../redis/script.ts";
import { type ServerRelease, serverReleaseOf } from "../../redis/serverRelease.ts";
import { type ServerState, serverStateOf } from "../../redis/serverState.ts";
import { parseSwitches, type SwitchesState } from "../switches.ts";
import { entryTimeMs } from "../taskId.ts";

const script = new Script("snapshot");

/** The state of one queue. */
export type QueueState = QueueKeys & {
  /** Entries in the stream. */
  readonly depth: number;
  /** Entries that are delivered and not acknowledged. */
  readonly pending: number;
  /**
   * Undelivered plus pending entries. An acknowledged entry is deleted and there is one group, so this is the depth. The
   * `lag` of XINFO is not.
   */
  readonly lag: number;
  /** Age of the oldest entry; 0 if there is none. */
  readonly oldestAgeSeconds: number;
  /** Tasks that wait for a retry or a delayed start. */
  readonly delayed: number;
  /** How long the first delayed task has been due; 0 if none is due. */
  readonly overdueSeconds: number;
  /**
   * Accepted minus (completed + dead + waiting + running + retrying + written off), plus the accepted tasks that Redis has
   * lost. Above 0, tasks were lost; below 0, tasks were counted twice.
   */
  readonly unaccounted: number;
  /** Lost tasks that an operator has written off. */
  readonly writtenOff: number;
};

type UnreadableQueue = Pick<QueueKeys, "type" | "lane" | "stream"> & { readonly error: string };

/** The state of all queues at one moment, and everything else that the gauges need. */
export type QueueSnapshot = {
  readonly nowMs: number;
  readonly queues: readonly QueueState[];
  /** Queues that cannot be read, for example because the key holds another type of value. */
  readonly unreadable: readonly UnreadableQueue[];
  /** Undefined if the dead letter queue cannot be read. */
  readonly deadLetters: number | undefined;
  readonly server: ServerRelease & ServerState;
  readonly controls: SwitchesState;
};

/**
 * Reads the state of all queues in one round trip. The cost does not depend on their depth.
 *
 * @param configuredRate rate limit while the switch is not set
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
      keys.switches,
      ...queues.flatMap(({ stream, type, lane }) => [stream, keys.delayed(type, lane), keys.ledger(type)]),
    ],
    queues.flatMap(({ group, lane }) => [group, lane]),
  );
  const nowMs = Number(now);
  const server = parseInfo(info);
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
    server: { ...serverReleaseOf(server), ...serverStateOf(server) },
    controls: parseSwitches(pairs(controls), configuredRate),
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

/** The time in the entry id. If it is in the future, the timestamp field: otherwise a stuck queue would look young. */
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
