import { type DrillStack, faultContextOf, runbookShell } from "../drill/drillStack.ts";
import { planOf } from "../drill/episodes/faultEpisode.ts";
import type { Scenario } from "../drill/episodes/scenario.ts";
import { Watch } from "../drill/episodes/watch.ts";
import { type ActiveFault, FAULT_INJECTIONS } from "../drill/faults/index.ts";
import { ALWAYS_FIRING } from "../drill/judge/expectation.ts";
import { patienceForResolvedMs, predict } from "../drill/judge/prediction.ts";
import { RunbookRunner } from "../drill/runbooks/runbookRunner.ts";
import { Load } from "../services/load/load.ts";
import { steadyLoad } from "../services/load/rates.ts";
import type { ActiveAlert } from "../testkit/servers/prometheusClient.ts";
import { until } from "../testkit/until.ts";
import { receiversOf } from "./faults.ts";

/** An event; times are milliseconds after the demo was ready. */
export type DemoEvent = { readonly atMs: number; readonly what: string; readonly text: string };

/** The injected fault. */
type Current = {
  readonly scenario: Scenario;
  readonly sinceMs: number;
  /** Ends what the fault repeats, and the waiting for its page. */
  readonly end: AbortController;
  readonly active: Promise<ActiveFault>;
};

const LOOK_MS = 200;

/** A stack under load, with one fault at a time. */
export class Demo implements AsyncDisposable {
  readonly drill: DrillStack;
  readonly #load: Load;
  readonly #startedAtMs = performance.now();
  readonly #listener: (event: DemoEvent) => void;
  #current: Current | undefined;

  /** @param listener receives each event */
  constructor(drill: DrillStack, listener: (event: DemoEvent) => void) {
    this.drill = drill;
    this.#listener = listener;
    this.#load = new Load({ api: drill.api, ledger: { note: () => {} }, idPrefix: `demo-${Date.now()}` });
    this.#load.run(steadyLoad(drill.profile));
  }

  /** The injected fault. */
  get fault(): Scenario | undefined {
    return this.#current?.scenario;
  }

  /** Every pending or firing alert except the Watchdog. */
  async alerts(): Promise<readonly ActiveAlert[]> {
    return (await this.drill.stack.prometheus.alerts()).filter(({ name }) => name !== ALWAYS_FIRING);
  }

  /**
   * Injects a fault and follows it until every receiver has its message.
   *
   * @returns milliseconds from the fault to the last message
   * @throws UntilTimeoutError if it does not arrive in time
   */
  async inject(scenario: Scenario, withinMs: number): Promise<number> {
    if (this.#current !== undefined) throw new RangeError(`${this.#current.scenario.id} is not removed yet`);
    const { stack, profile } = this.drill;
    const end = new AbortController();
    const watch = new Watch(stack, scenario.expectation, stack.inbox.store.lastSeq);
    this.#report("fault", scenario.id);
    this.#load.run(scenario.load(profile));
    const active = FAULT_INJECTIONS[scenario.fault](faultContextOf(this.drill, this.#load, end.signal));
    const sinceMs = performance.now();
    this.#current = { scenario, sinceMs, end, active };
    await active;
    const { alert } = scenario;
    const deadlineMs = sinceMs + withinMs;
    const wait = (what: string, look: () => void | Promise<void>) =>
      until(
        what,
        { timeoutMs: Math.max(0, Math.round(deadlineMs - performance.now())), intervalMs: LOOK_MS, signal: end.signal },
        look,
      );
    await wait(`${alert} to be pending`, () => watch.pending(alert));
    this.#report("pending", alert);
    await wait(`${alert} to fire`, () => watch.firing([alert]));
    this.#report("firing", alert);
    await wait(`the page of ${alert}`, () => watch.notified([alert], "firing"));
    this.#report("page", `in the inbox of ${receiversOf(scenario).join(" and ")}`);
    return performance.now() - sinceMs;
  }

  /**
   * Removes the fault by its runbook, or from outside, and waits until every alert is resolved and notified.
   *
   * @throws UntilTimeoutError, RunbookError
   */
  async recover(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    const { scenario } = current;
    const { stack, profile } = this.drill;
    const active = await current.active;
    const mitigation = planOf(scenario).mitigation;
    const { signal } = current.end;
    if (!scenario.fixedByRunbook) await active.remove();
    for (const { command } of mitigation) this.#report("runbook", command.id);
    const runbooks = new RunbookRunner({ shell: runbookShell(this.drill), profile, signal, ran: () => {} });
    await runbooks.mitigate(
      mitigation,
      (name) => scenario.expectation[name as keyof typeof scenario.expectation]?.instances[0] ?? {},
    );
    await active.remove();
    current.end.abort(new Error("recovered"));
    this.#current = undefined;
    this.#report("removed", scenario.id);
    this.#load.run(steadyLoad(profile));
    const watch = new Watch(stack, {}, 0);
    const timeoutMs = patienceForResolvedMs(predict(scenario, profile));
    await until("every alert to be over and notified", { timeoutMs, intervalMs: LOOK_MS }, async () => {
      await watch.silent();
      await watch.allResolved();
    });
    this.#report("resolved", "no alert is active, and the inbox has it");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const current = this.#current;
    current?.end.abort(new Error("the demo ends"));
    await this.#load[Symbol.asyncDispose]();
  }

  #report(what: string, text: string): void {
    this.#listener({ atMs: performance.now() - this.#startedAtMs, what, text });
  }
}
