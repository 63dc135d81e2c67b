import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Schedule } from "../schedule.ts";
import { System } from "./system.ts";

type Wanted = Pick<Schedule, "topology" | "named">;

/**
 * Systems at rest after a run without a violation, for the next schedule of their kind. Starting ten processes is half
 * of the cost of a run.
 */
export class SystemPool implements AsyncDisposable {
  readonly #stretch: number;
  readonly #logs: string;
  readonly #signal: AbortSignal;
  readonly #idle: System[] = [];
  #started = 0;

  /**
   * @param stretch factor of all intervals
   * @param logs folder for the logs of systems; those of returned systems are removed
   * @param signal ends the campaign early
   */
  constructor(stretch: number, logs: string, signal: AbortSignal) {
    this.#stretch = stretch;
    this.#logs = logs;
    this.#signal = signal;
  }

  /** A system of the wanted kind. An idle one of another kind makes room for it. */
  async take(wanted: Wanted): Promise<System> {
    const at = this.#idle.findIndex(({ kind }) => kind.topology === wanted.topology && kind.named === wanted.named);
    const [fitting] = at < 0 ? [] : this.#idle.splice(at, 1);
    if (fitting !== undefined) return fitting;
    const other = this.#idle.shift();
    if (other !== undefined) await discard(other);
    this.#started += 1;
    const logs = join(this.#logs, `system-${process.pid}-${this.#started}`);
    return await System.start(wanted, this.#stretch, logs, this.#signal);
  }

  /** Returns a system at rest. */
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
