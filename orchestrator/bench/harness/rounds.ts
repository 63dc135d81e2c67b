/**
 * Runs each candidate once per round, in a rotating order, so that changes of the machine over time affect all of them
 * equally.
 *
 * @returns the results of each candidate by name, one per round
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
