import type { ReceiverName } from "@mcp-orchestrator/alertmanager";
import { budgetOf, type FaultTiming } from "../drill/judge/prediction.ts";
import type { Notification } from "../services/inbox/notification.ts";
import { until } from "../testkit/until.ts";
import type { AlertDrill } from "./alertDrill.ts";

/** A fault that must fire one alert, and the receivers of the alert. */
export type AlertEpisode = Omit<FaultTiming, "alert"> & {
  readonly alert: string;
  /** All receivers that must be notified. A message at any other is a failure. */
  readonly receivers: readonly ReceiverName[];
  inject(): Promise<unknown>;
  remove(): Promise<unknown>;
};

/** Times in milliseconds after the fault; `resolvedMs` after its removal. */
export type EpisodeReport = { readonly firingMs: number; readonly notifiedMs: number; readonly resolvedMs: number };

/** An alert fired, or a message was sent, that the episode does not expect. */
export class UnexpectedAlertError extends Error {
  readonly code = "UNEXPECTED_ALERT";
  readonly subject: string;

  constructor(subject: string, what: string) {
    super(`${subject}: ${what}`);
    this.name = "UnexpectedAlertError";
    this.subject = subject;
  }
}

/** How long to wait for a step that has not come, beyond its prediction. */
const PATIENCE_MS = 10_000;
const LOOK_AGAIN_MS = 100;

/**
 * Injects a fault, follows its alert to every receiver, removes the fault and waits until all receivers are notified.
 *
 * @throws UnexpectedAlertError; UntilTimeoutError with what was seen last
 */
export async function runEpisode(drill: AlertDrill, episode: AlertEpisode): Promise<EpisodeReport> {
  const { alert: name, receivers } = episode;
  const { prometheus, inbox } = drill;
  const rule = drill.rules.groups.flatMap(({ alerts }) => alerts).find((each) => each.name === name);
  if (rule === undefined) throw new UnexpectedAlertError(name, "no rule has this name");
  const budget = budgetOf(rule, episode, drill.profile);
  const before = (await prometheus.alerts()).map((alert) => alert.name);
  if (before.length > 0) throw new UnexpectedAlertError(name, `active before the fault: ${before.join(", ")}`);
  const since = inbox.store.lastSeq;
  const notified = (status: Notification["status"], withinMs: number) =>
    until(`${name} to be ${status} at ${receivers.join(", ")}`, waiting(withinMs), () => {
      const all = inbox.store.list(since);
      const missing = receivers.filter((receiver) => lastAt(all, receiver)?.status !== status);
      if (missing.length > 0) throw new Error(`missing at ${missing.join(", ")}; received: ${describe(all)}`);
    });

  const injected = performance.now();
  const sinceFault = () => performance.now() - injected;
  await episode.inject();
  let removed = injected;
  let firingMs: number;
  let notifiedMs: number;
  try {
    await prometheus.waitForAlert(name, "firing", waiting(budget.firingMs));
    firingMs = sinceFault();
    await notified("firing", budget.notifiedMs);
    notifiedMs = sinceFault();
  } finally {
    removed = performance.now();
    await episode.remove();
  }
  await notified("resolved", budget.resolvedMs);
  const resolvedMs = performance.now() - removed;

  const others = inbox.store
    .list(since)
    .filter(({ alertname, receiver }) => alertname !== name || !receivers.includes(receiver as ReceiverName));
  if (others.length > 0) throw new UnexpectedAlertError(name, `also sent: ${describe(others)}`);
  return { firingMs, notifiedMs, resolvedMs };
}

const waiting = (withinMs: number) => ({ timeoutMs: withinMs + PATIENCE_MS, intervalMs: LOOK_AGAIN_MS });

function lastAt(all: readonly Notification[], receiver: string): Notification | undefined {
  return all.findLast((notification) => notification.receiver === receiver);
}

function describe(all: readonly Notification[]): string {
  return all.map(({ receiver, status, alertname }) => `${alertname} ${status} at ${receiver}`).join(", ") || "nothing";
}
