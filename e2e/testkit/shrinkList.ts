/**
 * Delta debugging: makes a list smaller as long as it still fails. Every result fails; within the budget, no item of it
 * can be left out.
 *
 * @param items a list that fails
 * @param fails tries a shorter list
 * @param budget most calls of `fails`
 */
export async function shrinkList<T>(
  items: readonly T[],
  fails: (candidate: readonly T[]) => Promise<boolean>,
  budget: { left: number },
): Promise<readonly T[]> {
  let failing = items;
  let parts = Math.min(2, failing.length);
  while (failing.length > 0 && budget.left > 0) {
    const smaller = await firstThatFails(withoutOnePart(failing, parts), fails, budget);
    if (smaller !== undefined) {
      failing = smaller;
      parts = Math.max(Math.min(2, failing.length), parts - 1);
    } else if (parts >= failing.length) {
      break;
    } else {
      parts = Math.min(parts * 2, failing.length);
    }
  }
  return failing;
}

/** The list without its first part, without its second, and so on. */
function withoutOnePart<T>(items: readonly T[], parts: number): (readonly T[])[] {
  return Array.from({ length: parts }, (_, part) => {
    const from = Math.floor((part * items.length) / parts);
    const to = Math.floor(((part + 1) * items.length) / parts);
    return items.toSpliced(from, to - from);
  });
}

async function firstThatFails<T>(
  candidates: readonly (readonly T[])[],
  fails: (candidate: readonly T[]) => Promise<boolean>,
  budget: { left: number },
): Promise<readonly T[] | undefined> {
  for (const candidate of candidates) {
    if (budget.left <= 0) return undefined;
    budget.left--;
    if (await fails(candidate)) return candidate;
  }
  return undefined;
}
