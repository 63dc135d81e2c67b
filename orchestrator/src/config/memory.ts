/** What the main process takes at most: the API with its bodies in flight, counters, the relay of the workers' output. */
const MAIN_PROCESS_BYTES = 512 * 1024 ** 2;

/**
 * Memory that one replica needs with every worker at its limit. The container, the pod or the unit gets no less: a worker
 * that takes too much is then recycled by the supervisor, and the kernel does not kill the main process for it.
 *
 * @param types number of task types
 */
export function replicaMemoryBytes(
  types: number,
  workers: { readonly perType: number; readonly memoryLimitBytes: number },
): number {
  return MAIN_PROCESS_BYTES + types * workers.perType * workers.memoryLimitBytes;
}
