import { type AlertName, instanceOf } from "@mcp-orchestrator/alerts";
import type { Stack } from "../../stack/stack.ts";
import { ALWAYS_FIRING, alertsOf, type Expectation, fits, type Instance, instanceText } from "../judge/expectation.ts";

/** An alert in Prometheus. */
type Active = { readonly name: string; readonly state: "pending" | "firing"; readonly instance: Instance };

/** The awaited state is not reached; the message says what was seen. */
export class NotYetError extends Error {
  readonly code = "NOT_YET";
}

/**
 * Looks at a stack during an episode. Each look throws what it saw unless the stack is in the awaited state. The looks
 * only decide when the episode continues; it is judged by what was recorded.
 */
export class Watch {
  readonly #stack: Stack;
  readonly #expectation: Expectation;
  readonly #sinceSeq: number;
  readonly #inhibited = new Set<string>();

  constructor(stack: Stack, expectation: Expectation, sinceSeq: number) {
    this.#stack = stack;
    this.#expectation = expectation;
    this.#sinceSeq = sinceSeq;
  }

  /** Alerts that Alertmanager was seen to inhibit. */
  get inhibited(): readonly string[] {
    return [...this.#inhibited];
  }

  /** @throws NotYetError unless the alert is at least pending */
  async pending(name: AlertName): Promise<void> {
    const active = await this.#active();
    if (!active.some((alert) => alert.name === name)) throw new NotYetError(describe(active));
  }

  /** @throws NotYetError unless every expected instance of these alerts fires */
  async firing(names: readonly AlertName[]): Promise<void> {
    const active = await this.#active();
    const missing = names.flatMap((name) =>
      (this.#expectation[name]?.instances ?? [])
        .filter((instance) => !active.some((one) => isFiring(one, name) && fits(instance, one.instance)))
        .map((instance) => `${name}${instanceText(instance)}`),
    );
    if (missing.length > 0) throw new NotYetError(`not firing: ${missing.join(", ")}; active: ${describe(active)}`);
  }

  /** @throws NotYetError unless every receiver of these alerts has its last message in this status */
  notified(names: readonly AlertName[], status: "firing" | "resolved"): void {
    const messages = this.#stack.inbox.store.list(this.#sinceSeq);
    const missing = names.flatMap((name) =>
      (this.#expectation[name]?.receivers ?? [])
        .map((receiver) => ({
          receiver,
          last: messages.findLast((one) => one.alertname === name && one.receiver === receiver)?.status,
        }))
        .filter(({ last }) => last !== status)
        .map(({ receiver, last = "nothing" }) => `${name} at ${receiver} (last: ${last})`),
    );
    if (missing.length > 0) throw new NotYetError(`no ${status} message:  ${missing.join(", ")}`);
  }

  /** @throws NotYetError unless Alertmanager inhibits every alert that it should */
  async inhibiting(): Promise<void> {
    for (const { labels, status } of await this.#stack.alertmanager.alerts()) {
      if (status.inhibitedBy.length > 0) this.#inhibited.add(labels.alertname ?? "");
    }
    const missing = alertsOf(this.#expectation).filter(
      (name) => this.#expectation[name]?.inhibited && !this.#inhibited.has(name),
    );
    if (missing.length > 0) throw new NotYetError(`not inhibited: ${missing.join(", ")}`);
  }

  /** @throws NotYetError while any alert is pending or firing */
  async silent(): Promise<void> {
    const active = await this.#active();
    if (active.length > 0) throw new NotYetError(`active: ${describe(active)}`);
  }

  /** @throws NotYetError while an alert other than the Watchdog is not resolved or its last message not sent */
  async allResolved(): Promise<void> {
    const last = new Map(this.#stack.inbox.store.list().map((one) => [`${one.alertname} at ${one.receiver}`, one]));
    const open = [...last].filter(([, { receiver, status }]) => receiver !== "deadman" && status === "firing");
    if (open.length > 0) throw new NotYetError(`no resolved message yet:  ${open.map(([where]) => where).join(", ")}`);
    const left = (await this.#held()).filter((name) => name !== ALWAYS_FIRING);
    if (left.length > 0) throw new NotYetError(`Alertmanager still holds ${left.join(", ")}`);
  }

  /** @throws NotYetError while Alertmanager has not received the Watchdog */
  async delivering(): Promise<void> {
    const held = await this.#held();
    if (!held.includes(ALWAYS_FIRING)) throw new NotYetError(`Alertmanager has not received ${ALWAYS_FIRING} yet`);
  }

  async #held(): Promise<string[]> {
    return (await this.#stack.alertmanager.alerts()).map(({ labels }) => labels.alertname ?? "");
  }

  async #active(): Promise<Active[]> {
    return (await this.#stack.prometheus.alerts())
      .filter(({ name }) => name !== ALWAYS_FIRING)
      .map(({ name, state, labels }) => ({
        name,
        state,
        instance: instanceOf(labels),
      }));
  }
}

function isFiring({ name, state }: Active, wanted: string): boolean {
  return name === wanted && state === "firing";
}

function describe(active: readonly Active[]): string {
  return active.map(({ name, state, instance }) => `${name}${instanceText(instance)} ${state}`).join(", ") || "none";
}
