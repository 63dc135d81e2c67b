import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Schedule } from "../schedule.ts";
import { System } from "./system.ts";

type Wanted = Pick<Schedule, "topology" | "named">;

/**
 * Systems that are at rest after a run without a violation, for the next schedule that needs one of their kind: half of
 * the cost of a run is the start of ten processes.
 */
export class SystemPool implements AsyncDisposable {
  readonly #stretch: number;
  readonly #logs: string;
  readonly #idle: System[] = [];
  #started = 0;

  /**
   * @param stretch factor of all intervals
   * @param logs folder for the logs of systems; those of systems that come back here are removed
   */
  constructor(stretch: number, logs: string) {
    this.#stretch = stretch;
    this.#logs = logs;
  }

  /** A system of the wanted kind. An idle one of another kind makes room for it. */
  async take(wanted: Wanted): Promise<System> {
    const at = this.#idle.findIndex(({ kind }) => kind.topology === wanted.topology && kind.named === wanted.named);
    const [fitting] = at < 0 ? [] : this.#idle.splice(at, 1);
    if (fitting !== undefined) return fitting;
    const other = this.#idle.shift();
    if (other !== undefined) await discard(other);
    this.#started += 1;
    return await System.start(wanted, this.#stretch, join(this.#logs, `system-${process.pid}-${this.#started}`));
  }

  /** Gives back a system that is at rest. */
  give(system: System): void {
    this.#idle.push(system);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(discard));
  }
}

async function discard(system: System): Promise<void> {
  await system[Symbol.asyncDispose]();
  rmSync(system.logs, { recursive: true, force: true });
}
