import { setTimeout as pause } from "node:timers/promises";
import { BUILT_IN_TYPES, LANES } from "mcp-orchestrator/contract";
import { Load, type LoadPlan, PRIORITY } from "../../services/load/load.ts";
import type { Answer, ServiceApi, Submission } from "../../services/load/serviceApi.ts";
import { until } from "../../testkit/until.ts";
import type { Lane, TaskView } from "./oracle/view.ts";

type Watched = { -readonly [Key in keyof TaskView]: TaskView[Key] } & { nextLookAtMs: number; looks: number };

/** When an express task is looked at after its submission, and then how often; the limits of lateness are among these. */
const EXPRESS_LOOKS_MS = [70, 140, 300, 520];
const FIRST_REGULAR_LOOK_MS = 250;
const LOOK_INTERVAL_MS = 1_000;
const ROUND_MS = 35;
/** Most looks in a round, of each lane: a backlog must not keep the machine busy, nor express tasks waiting. */
const MOST_LOOKS: Readonly<Record<Lane, number>> = { express: 12, regular: 3 };
const NO_PLAN: LoadPlan = {};

/** What clients use of a replica. */
export type ReplicaApi = Pick<ServiceApi, "submit" | "find">;

/**
 * The clients of a schedule. Each queue has its own, so that one that is rejected does not reject others. They use the replica
 * that answered last, and another if that does not accept, as behind a load balancer.
 */
export class Clients implements AsyncDisposable {
  readonly #apis: readonly ReplicaApi[];
  readonly #tasks: Watched[] = [];
  readonly #stop = new AbortController();
  readonly #loads: ReadonlyMap<string, Load>;
  readonly #prefix: string;
  #preferred = 0;
  #looking: Promise<void> | undefined;
  #probes = 0;

  /**
   * @param apis of each replica
   * @param prefix start of every task id, unique to the schedule
   */
  constructor(apis: readonly ReplicaApi[], prefix: string) {
    this.#apis = apis;
    this.#prefix = prefix;
    const queues = LANES.flatMap((lane) => BUILT_IN_TYPES.map((type) => ({ lane, type })));
    this.#loads = new Map(queues.map(({ lane, type }) => [`${type}-${lane}`, this.newLoad(`${type}-${lane}`)]));
  }

  /** What they have seen so far. */
  get tasks(): readonly TaskView[] {
    return this.#tasks.map(({ nextLookAtMs: _, looks: __, ...task }) => task);
  }

  /** A source of tasks of its own, such as for a fault that submits a flood. */
  newLoad(name: string): Load {
    const ledger = { note: () => {} };
    return new Load({ api: { submit: (tasks) => this.submit(tasks) }, ledger, idPrefix: `${this.#prefix}-${name}` });
  }

  /** Starts to submit at these rates, and to look at what was accepted. */
  run(plan: LoadPlan): void {
    for (const lane of LANES) {
      for (const type of BUILT_IN_TYPES) {
        const perSecond = plan[lane]?.[type] ?? 0;
        this.#loads.get(`${type}-${lane}`)?.run({ [lane]: { [type]: perSecond } });
      }
    }
    this.#looking ??= this.#look();
  }

  /** Stops submitting, and goes on looking. */
  stopSubmitting(): void {
    for (const load of this.#loads.values()) load.run(NO_PLAN);
  }

  /** Submits tasks of one queue. Never throws. */
  async submit(tasks: readonly Submission[]): Promise<Answer> {
    const submittedAtMs = Date.now();
    let answer: Answer = "refused";
    for (const [turn] of this.#apis.entries()) {
      const at = (this.#preferred + turn) % this.#apis.length;
      answer = (await this.#apis[at]?.submit(tasks)) ?? "refused";
      if (answer !== "accepted") continue;
      this.#preferred = at;
      break;
    }
    const answeredAtMs = Date.now();
    for (const { task_id: id, type, priority } of tasks) {
      const lane = priority >= PRIORITY.express ? "express" : "regular";
      const nextLookAtMs = submittedAtMs + (lane === "express" ? (EXPRESS_LOOKS_MS[0] ?? 0) : FIRST_REGULAR_LOOK_MS);
      this.#tasks.push({ id, type, lane, submittedAtMs, answeredAtMs, answer, nextLookAtMs, looks: 0 });
    }
    return answer;
  }

  /** Waits until a task of each type and lane is accepted and completed, as for a client after an outage. */
  async areServed(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const deadlineMs = Date.now() + timeoutMs;
    const queues = LANES.flatMap((lane) => BUILT_IN_TYPES.map((type) => ({ lane, type })));
    await Promise.all(
      queues.map(async ({ lane, type }) => {
        this.#probes += 1;
        const probe = this.newLoad(`probe-${this.#probes}`);
        const leftMs = () => ({ timeoutMs: Math.max(0, deadlineMs - Date.now()), intervalMs: 250, signal });
        await until(`a ${lane} ${type} task to be accepted and completed`, leftMs(), async () => {
          const before = this.#tasks.length;
          await probe.burst(type, lane, 1);
          const task = this.#tasks.slice(before).find((one) => one.lane === lane && one.type === type);
          if (task?.answer !== "accepted") throw new Error(`it was ${task?.answer}`);
          await until("it to complete", leftMs(), () => {
            if (task.end === undefined) throw new Error("it is open");
          });
          if (task.end === "failed") throw new Error("it failed");
        });
      }),
    );
  }

  /** Waits until every accepted task has ended. */
  async areDone(timeoutMs: number, signal: AbortSignal): Promise<void> {
    await until("every accepted task to end", { timeoutMs, intervalMs: 250, signal }, () => {
      const open = this.#open();
      if (open.length > 0) throw new Error(`${open.length} are open, such as ${open[0]?.id}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#loads.values()].map((load) => load[Symbol.asyncDispose]()));
    await this.#looking;
  }

  #open(): Watched[] {
    return this.#tasks.filter(
      ({ answer, endedAtMs, unknown }) => answer === "accepted" && endedAtMs === undefined && unknown === undefined,
    );
  }

  async #look(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const nowMs = Date.now();
      const due = this.#open()
        .filter(({ nextLookAtMs }) => nextLookAtMs <= nowMs)
        .toSorted((a, b) => a.nextLookAtMs - b.nextLookAtMs);
      for (const lane of LANES) {
        for (const task of due.filter((one) => one.lane === lane).slice(0, MOST_LOOKS[lane])) void this.#lookAt(task);
      }
      await pause(ROUND_MS, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  async #lookAt(task: Watched): Promise<void> {
    // Not again before this look has its answer.
    task.nextLookAtMs = Number.POSITIVE_INFINITY;
    task.looks += 1;
    const state = await this.#find(task.id);
    const nowMs = Date.now();
    if (state === "completed" || state === "failed") {
      task.end = state;
      task.endedAtMs = nowMs;
    } else if (state === "unknown") {
      task.unknown = true;
    }
    const next = task.lane === "express" ? EXPRESS_LOOKS_MS[task.looks] : undefined;
    task.nextLookAtMs = next === undefined ? nowMs + LOOK_INTERVAL_MS : Math.max(nowMs, task.submittedAtMs + next);
  }

  /** The state of a task at the first replica that answers. */
  async #find(id: string) {
    for (const [turn] of this.#apis.entries()) {
      const state = await this.#apis[(this.#preferred + turn) % this.#apis.length]?.find(id).catch(() => undefined);
      if (state !== undefined) return state;
    }
    return undefined;
  }
}
