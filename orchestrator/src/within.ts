/**
 * Resolves to the value of a promise, or to `late` if the promise takes longer than the deadline. The promise itself
 * continues; a later failure is ignored.
 *
 * @throws the error of the promise if it fails in time
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
