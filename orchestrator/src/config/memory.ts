/** Upper bound for the main process: the API with request bodies in progress, counters, the output of the workers. */
const MAIN_PROCESS_BYTES = 512 * 1024 ** 2;

/**
 * Memory that one replica needs if each worker is at its limit. The container, pod or unit must have at least this much:
 * then the supervisor restarts a worker that uses too much, before the kernel kills any process.
 *
 * @param types number of task types
 */
export function replicaMemoryBytes(
  types: number,
  workers: { readonly perType: number; readonly memoryLimitBytes: number },
): number {
  return MAIN_PROCESS_BYTES + types * workers.perType * workers.memoryLimitBytes;
}
