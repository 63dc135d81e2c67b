/** What became of the tasks that were submitted. */
export type TaskAccount = {
  readonly submitted: number;
  readonly completed: number;
  readonly deadLettered: number;
  /** Rejected at submission, by their submitter's knowledge: never accepted. */
  readonly refused: number;
  /** Ids that neither have a result nor are dead letters. */
  readonly lost: readonly string[];
};

/** What a look-up returned for one task. */
export type TaskState = "completed" | "failed" | "open" | "unknown";

/** Looks one task up; `unknown` where the service has never heard of it. */
export type FindTask = (taskId: string) => Promise<TaskState>;

type Standing = "accepted" | "refused" | "unanswered";

/** Look-ups under way at a time. */
const CONCURRENCY = 16;

/**
 * The submitter's own record: every task that it submitted, and the answer that it got. A submission without an answer may
 * have been accepted or not; its id tells later which.
 */
export class Ledger {
  readonly #tasks = new Map<string, Standing>();
  readonly #ended = new Map<string, "completed" | "failed">();

  /** Notes the answer to a submission. */
  note(taskIds: readonly string[], standing: Standing): void {
    for (const id of taskIds) this.#tasks.set(id, standing);
  }

  /** Tasks that were handed in, whatever became of them. */
  get size(): number {
    return this.#tasks.size;
  }

  /** Accepted tasks whose end is not known yet, or that may have been accepted. */
  open(): string[] {
    return [...this.#tasks]
      .filter(([id, standing]) => standing !== "refused" && !this.#ended.has(id))
      .map(([id]) => id);
  }

  /**
   * Looks all open tasks up, once each.
   *
   * @returns the ids that have neither a result nor a dead letter
   */
  async reconcile(find: FindTask): Promise<string[]> {
    const open = this.open();
    const left: string[] = [];
    let next = 0;
    const worker = async () => {
      for (let id = open[next++]; id !== undefined; id = open[next++]) {
        const state = await find(id);
        if (state === "completed" || state === "failed") this.#ended.set(id, state);
        else if (state === "unknown" && this.#tasks.get(id) === "unanswered") this.#tasks.set(id, "refused");
        else left.push(id);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    return left;
  }

  /** The account as of the last reconciliation. */
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
