/**
 * The value of a promise, or `late` when it takes longer than the deadline. The promise itself goes on; its failure
 * after the deadline is ignored.
 *
 * @throws what the promise rejects with in time
 */
export async function within<T, L>(promise: Promise<T>, deadlineMs: number, late: L): Promise<T | L> {
  promise.catch(() => undefined);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<L>((resolve) => {
        timer = setTimeout(() => resolve(late), deadlineMs);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
