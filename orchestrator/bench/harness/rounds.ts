/**
 * Runs every contestant once per round, in an order that rotates, so that what changes on the machine over time meets
 * all of them alike.
 *
 * @returns what each contestant's rounds gave, by name; the same index is the same round
 */
export async function interleave<N extends string, T>(
  rounds: number,
  names: readonly N[],
  run: (name: N, round: number) => Promise<T>,
): Promise<Record<N, T[]>> {
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<N, T[]>;
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length] as N;
      results[name].push(await run(name, round));
    }
  }
  return results;
}
