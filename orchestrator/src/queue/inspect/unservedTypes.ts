import type { QueueSnapshot } from "./snapshot.ts";

/** A type that has tasks and that no replica works on: its handler was taken out of the configuration too early. */
export type UnservedType = {
  readonly type: string;
  /** Tasks that wait, run or are delayed. */
  readonly tasks: number;
};

/** Types as a replica knows them. */
export type KnownTypes = {
  /** Every type that a replica has ever had. */
  readonly types: readonly string[];
  /** True for a type that a replica which is there works on. */
  serves(type: string): boolean;
};

/** The types with tasks that no replica works on. */
export function unservedTypes({ queues }: QueueSnapshot, known: KnownTypes): UnservedType[] {
  const tasks = new Map<string, number>();
  for (const { type, depth, delayed } of queues) {
    if (!known.serves(type)) tasks.set(type, (tasks.get(type) ?? 0) + depth + delayed);
  }
  return [...tasks].filter(([, count]) => count > 0).map(([type, count]) => ({ type, tasks: count }));
}

/**
 * Leaves out the queues of types that this replica does not have and that hold nothing: they were emptied before their
 * type was taken out of the configuration.
 */
export function withoutEmptyQueues(snapshot: QueueSnapshot, configured: readonly string[]): QueueSnapshot {
  const shown = ({ type, depth, delayed, unaccounted }: QueueSnapshot["queues"][number]) =>
    configured.includes(type) || depth > 0 || delayed > 0 || unaccounted !== 0;
  return { ...snapshot, queues: snapshot.queues.filter(shown) };
}
