import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { argumentFor } from "../argued.ts";
import { type AreaResult, killedAtFirst, type OnDecided, type Survivor } from "../result.ts";
import { isDrawn, type Sample } from "../sample.ts";
import { type LuaMutant, luaMutants } from "./mutants.ts";
import { LuaTrial } from "./trial.ts";

export type LuaRun = {
  readonly root: string;
  readonly script: string;
  /** Test files in the order in which they run. */
  readonly suites: readonly string[];
  readonly lanes: number;
  readonly sample: Sample;
  /** The last result, to try again only what survived: the script is the same, and tests were added. */
  readonly before?: AreaResult | undefined;
  /** Monotonic, in ms: no mutant is begun after it. */
  readonly deadlineMs: number;
  readonly onDecided: OnDecided;
};

/**
 * Tries the mutants of a script, several at a time, each in a copy of the service.
 *
 * @throws Error if the tests fail with the original script
 */
export async function runLua({
  root,
  script,
  suites,
  lanes,
  sample,
  before,
  deadlineMs,
  onDecided,
}: LuaRun): Promise<AreaResult> {
  const source = await readFile(join(root, "orchestrator/src/redis/lua", `${script}.lua`), "utf8");
  const all = luaMutants(script, source);
  const isChosen = (mutant: LuaMutant) =>
    before === undefined
      ? isDrawn(mutant.source, sample)
      : before.survivors.some((survivor) => isSame(survivorOf(mutant, source), survivor));
  const mutants = spread(all).filter(isChosen);
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
      const survivor = survivorOf(mutant, source);
      // A mutant that is argued to change nothing still runs the fastest suite, in case that is wrong.
      const deciding = argumentFor(survivor) === undefined ? suites : suites.slice(0, 1);
      if ((await trial.firstFailure(deciding)) === undefined) survivors.push(survivor);
      onDecided(++decided, mutants.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, mutants.length) }, lane));
  if (before !== undefined) {
    survivors.push(...mutants.slice(decided).map((mutant) => survivorOf(mutant, source)));
    const killed = before.killed + before.survivors.length - survivors.length;
    return { ...before, killedAtFirst: killedAtFirst(before), killed, survivors };
  }
  return {
    area: `lua/${script}`,
    killed: decided - survivors.length,
    survivors,
    leftOut: 0,
    notTried: all.length - decided,
  };
}

/** In pseudorandom order, so that a time budget leaves out a fair share. */
function spread(mutants: readonly LuaMutant[]): LuaMutant[] {
  const rank = ({ source }: LuaMutant) => createHash("sha1").update(source).digest("hex");
  return mutants.toSorted((a, b) => rank(a).localeCompare(rank(b)));
}

function isSame(one: Survivor, other: Survivor): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function survivorOf({ script, line, operator, change }: LuaMutant, original: string): Survivor {
  const source = original.split("\n")[line - 1]?.trim() ?? "";
  return { file: `redis/lua/${script}.lua`, line, source, operator, change };
}
