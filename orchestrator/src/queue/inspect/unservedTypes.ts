import type { QueueSnapshot } from "./snapshot.ts";

/** A type that has tasks but no replica that runs them: its handler was removed from the configuration too early. */
export type UnservedType = {
  readonly type: string;
  /** Tasks that wait, run or are delayed. */
  readonly tasks: number;
};

/** The types that a replica knows. */
export type KnownTypes = {
  /** All types that any replica has ever had. */
  readonly types: readonly string[];
  /** True if a replica that is present runs tasks of this type. */
  serves(type: string): boolean;
};

/** Finds types that have tasks but no replica that runs them. */
export function unservedTypes({ queues }: QueueSnapshot, known: KnownTypes): UnservedType[] {
  const tasks = new Map<string, number>();
  for (const { type, depth, delayed } of queues) {
    if (!known.serves(type)) tasks.set(type, (tasks.get(type) ?? 0) + depth + delayed);
  }
  return [...tasks].filter(([, count]) => count > 0).map(([type, count]) => ({ type, tasks: count }));
}

/**
 * Removes the empty queues of types that this replica does not have: their type was removed from the configuration as
 * intended, after its queues were empty.
 */
export function withoutEmptyQueues(snapshot: QueueSnapshot, configured: readonly string[]): QueueSnapshot {
  const shown = ({ type, depth, delayed, unaccounted }: QueueSnapshot["queues"][number]) =>
    configured.includes(type) || depth > 0 || delayed > 0 || unaccounted !== 0;
  return { ...snapshot, queues: snapshot.queues.filter(shown) };
}
