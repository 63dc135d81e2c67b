import pLimit from "p-limit";

/** The outcome of the submitted tasks. */
export type TaskAccount = {
  readonly submitted: number;
  readonly completed: number;
  readonly deadLettered: number;
  /** Rejected at submission. */
  readonly refused: number;
  /** Ids with neither a result nor a dead letter. */
  readonly lost: readonly string[];
};

/** The result of looking up one task. */
export type TaskState = "completed" | "failed" | "open" | "unknown";

/** Looks up one task; `unknown` if the service does not know it. */
export type FindTask = (taskId: string) => Promise<TaskState>;

type Standing = "accepted" | "refused" | "unanswered";

/** Lookups at a time. */
const CONCURRENCY = 16;

/**
 * The submitter's record: every task, and the answer to its submission. A submission without an answer may have been
 * accepted; a lookup of its id shows whether it was.
 */
export class Ledger {
  readonly #tasks = new Map<string, Standing>();
  readonly #ended = new Map<string, "completed" | "failed">();

  /** Notes the answer to a submission. */
  note(taskIds: readonly string[], standing: Standing): void {
    for (const id of taskIds) this.#tasks.set(id, standing);
  }

  /** Number of submitted tasks. */
  get size(): number {
    return this.#tasks.size;
  }

  /** Tasks that were, or may have been, accepted, and whose end is not known yet. */
  open(): string[] {
    return [...this.#tasks]
      .filter(([id, standing]) => standing !== "refused" && !this.#ended.has(id))
      .map(([id]) => id);
  }

  /**
   * Looks up all open tasks, once each.
   *
   * @returns the ids that have neither a result nor a dead letter
   */
  async reconcile(find: FindTask): Promise<string[]> {
    const open = this.open();
    const left: string[] = [];
    await pLimit(CONCURRENCY).map(open, async (id) => {
      const state = await find(id);
      if (state === "completed" || state === "failed") this.#ended.set(id, state);
      else if (state === "unknown" && this.#tasks.get(id) === "unanswered") this.#tasks.set(id, "refused");
      else left.push(id);
    });
    return left;
  }

  /** The account of the last reconciliation. */
  account(): TaskAccount {
    const ends = [...this.#ended.values()];
    return {
      submitted: this.#tasks.size,
      completed: ends.filter((end) => end === "completed").length,
      deadLettered: ends.filter((end) => end === "failed").length,
      refused: [...this.#tasks.values()].filter((standing) => standing === "refused").length,
      lost: this.open(),
    };
  }
}
