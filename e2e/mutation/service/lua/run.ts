import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { AreaResult, OnDecided, Survivor } from "../result.ts";
import { type LuaMutant, luaMutants } from "./mutants.ts";
import { LuaTrial } from "./trial.ts";

export type LuaRun = {
  readonly root: string;
  readonly script: string;
  /** Test files in the order in which they are asked. */
  readonly suites: readonly string[];
  readonly lanes: number;
  /** Monotonic, in ms: after it no other mutant is begun. */
  readonly deadlineMs: number;
  readonly onDecided: OnDecided;
};

/**
 * Tries the mutants of a script, several at the same time, each in a copy of the service of its own.
 *
 * @throws Error when the tests do not pass with the script as it is
 */
export async function runLua({ root, script, suites, lanes, deadlineMs, onDecided }: LuaRun): Promise<AreaResult> {
  const source = await readFile(join(root, "orchestrator/src/redis/lua", `${script}.lua`), "utf8");
  const mutants = spread(luaMutants(script, source));
  const survivors: Survivor[] = [];
  let next = 0;
  let decided = 0;
  const lane = async (_: unknown, number: number) => {
    await using trial = await LuaTrial.create(root, join(root, ".cache/mutants", `${script}-${number}`));
    const failure = await trial.firstFailure(suites);
    if (failure !== undefined) throw new Error(`The tests of ${script} do not pass as it is: ${failure}`);
    while (performance.now() < deadlineMs) {
      const mutant = mutants[next++];
      if (mutant === undefined) return;
      await trial.replace(script, mutant.source);
      if ((await trial.firstFailure(suites)) === undefined) survivors.push(survivorOf(mutant, source));
      onDecided(++decided, mutants.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, mutants.length) }, lane));
  return {
    area: `lua/${script}`,
    killed: decided - survivors.length,
    survivors,
    notCovered: 0,
    notTried: mutants.length - decided,
  };
}

/** In an order that has nothing to do with where they are: what a time budget cuts off is a fair share of all. */
function spread(mutants: readonly LuaMutant[]): LuaMutant[] {
  const rank = ({ source }: LuaMutant) => createHash("sha1").update(source).digest("hex");
  return mutants.toSorted((a, b) => rank(a).localeCompare(rank(b)));
}

function survivorOf({ script, line, operator, change }: LuaMutant, original: string): Survivor {
  const source = original.split("\n")[line - 1]?.trim() ?? "";
  return { file: `redis/lua/${script}.lua`, line, source, operator, change };
}
