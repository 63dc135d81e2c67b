import type { Notification } from "../../services/inbox/notification.ts";
import { ALWAYS_FIRING, alertsOf, type Expectation, type ExpectedAlert, fits, instanceText } from "./expectation.ts";
import { problemsOf } from "./messageCheck.ts";
import type { Incident, Observation } from "./observation.ts";
import {
  type Bounds,
  type Budget,
  boundsOf,
  type Held,
  heldBounds,
  SKIPPED_EVALUATIONS,
  TIMES,
  type Time,
} from "./prediction.ts";

/** Kinds of findings. */
export type FindingCode =
  | "unexpected-alert"
  | "missing-alert"
  | "ended-early"
  | "too-early"
  | "too-late"
  | "unexpected-receiver"
  | "not-notified"
  | "inhibited-but-notified"
  | "not-inhibited"
  | "false-alarm"
  | "false-resolve"
  | "not-resolved"
  | "bad-message"
  | "refused-message"
  | "no-heartbeat"
  | "lost-task";

/** One deviation from the expectation. */
export type Finding = {
  readonly code: FindingCode;
  readonly subject: string;
  readonly expected: string;
  readonly observed: string;
};

/** The judgement of an episode, which passes without findings. */
export type Verdict = { readonly passed: boolean; readonly findings: readonly Finding[] };

/** How long what is expected may take. */
export type ExpectedTimes = {
  /** Of the alert that the fault proves. */
  readonly budget?: Budget;
  /** The evaluation of each alert. */
  readonly held?: Readonly<Partial<Record<string, Held>>>;
};

/** Compares what was recorded with what was expected. */
export function judge(expectation: Expectation, observation: Observation, times: ExpectedTimes = {}): Verdict {
  const findings = [
    ...judgeUnexpected(expectation, observation),
    ...judgeHeld(expectation, observation, times),
    ...judgeTimes(expectation, observation, times),
    ...Object.entries(expectation).flatMap(([name, expected]) => [
      ...judgeIncidents(name, expected, observation, times.held?.[name]?.evaluationMs),
      ...(expected.inhibited
        ? judgeInhibited(name, expected, observation)
        : judgeNotified(name, expected, observation)),
    ]),
    ...judgeMessages(observation),
    ...judgeHeartbeat(observation),
    ...judgeTasks(observation),
  ];
  return { passed: findings.length === 0, findings };
}

/** A verdict's findings as text, one per line. */
export function explain({ findings }: Verdict): string {
  return findings
    .map(({ code, subject, expected, observed }) => `${code}: ${subject}: expected ${expected}; observed ${observed}`)
    .join("\n");
}

/** Each instance that fires was pending for as long as the rule says, by the clock of Prometheus. */
function judgeHeld(expectation: Expectation, observation: Observation, { held = {} }: ExpectedTimes): Finding[] {
  return firedOf(observation).flatMap(({ alertname, instance, pendingAtMs, firingAtMs = pendingAtMs }) => {
    const own = held[alertname];
    if (own === undefined || !(alertname in expectation)) return [];
    const subject = `${alertname}${instanceText(instance)}: pending to firing`;
    return outOfBounds(subject, firingAtMs - pendingAtMs, heldBounds(own));
  });
}

/** The alert that the fault proves takes as long as predicted, with the tolerance. */
function judgeTimes(expectation: Expectation, observation: Observation, { budget }: ExpectedTimes): Finding[] {
  const [alert] = alertsOf(expectation);
  if (budget === undefined || alert === undefined) return [];
  const measured = timesOf(alert, observation);
  const bounds = boundsOf(budget);
  return TIMES.filter((time) => time !== "held").flatMap((time) => {
    const ms = measured[time];
    return ms === undefined ? [] : outOfBounds(`${alert}: ${time}`, ms, bounds[time]);
  });
}

/** The times of an alert, in milliseconds; those of steps that were not reached are absent. */
export function timesOf(alert: string, observation: Observation): Readonly<Partial<Record<Time, number>>> {
  const { startedAtMs, injectedAtMs = startedAtMs, removedAtMs } = observation;
  const [first] = firedOf(observation).filter(({ alertname }) => alertname === alert);
  const messages = toPeople(observation).filter(({ alertname }) => alertname === alert);
  const firing = messages.find(({ status }) => status === "firing");
  const resolved = messages.findLast(({ status }) => status === "resolved");
  const times: Partial<Record<Time, number | undefined>> = {
    pending: first && first.pendingAtMs - injectedAtMs,
    held: first?.firingAtMs && first.firingAtMs - first.pendingAtMs,
    firing: first?.firingAtMs && first.firingAtMs - injectedAtMs,
    notified: firing && firing.receivedAtMs - injectedAtMs,
    resolved: resolved && removedAtMs && resolved.receivedAtMs - removedAtMs,
  };
  return Object.fromEntries(Object.entries(times).filter(([, ms]) => ms !== undefined));
}

function outOfBounds(subject: string, ms: number, { leastMs, mostMs }: Bounds): Finding[] {
  if (ms >= leastMs && ms <= mostMs) return [];
  const seconds = (each: number) => `${(each / 1000).toFixed(1)} s`;
  return [
    {
      code: ms < leastMs ? "too-early" : "too-late",
      subject,
      expected: `${seconds(leastMs)} to ${seconds(mostMs)}`,
      observed: seconds(ms),
    },
  ];
}

function judgeUnexpected(expectation: Expectation, observation: Observation): Finding[] {
  const expected: Readonly<Record<string, ExpectedAlert | undefined>> = expectation;
  const fired = firedOf(observation)
    .filter(({ alertname, instance }) => !isExpectedInstance(expected[alertname], instance))
    .map(({ alertname, instance, firingAtMs }) => ({
      code: "unexpected-alert" as const,
      subject: `${alertname}${instanceText(instance)}`,
      expected: "that it does not fire",
      observed: `firing ${when(firingAtMs, observation)}`,
    }));
  const notified = toPeople(observation)
    .filter(({ alertname = "" }) => expected[alertname] === undefined)
    .map((message) => ({
      code: "unexpected-receiver" as const,
      subject: message.alertname ?? "a message without an alert's name",
      expected: "no message to any receiver",
      observed: `${message.receiver} received "${message.summary}" ${when(message.receivedAtMs, observation)}`,
    }));
  return [...fired, ...notified];
}

function judgeIncidents(
  name: string,
  { instances }: ExpectedAlert,
  observation: Observation,
  evaluationMs = observation.evaluationIntervalMs,
): Finding[] {
  return instances.flatMap((instance): Finding[] => {
    const subject = `${name}${instanceText(instance)}`;
    const all = observation.incidents.filter((seen) => seen.alertname === name && fits(instance, seen.instance));
    const fired = all.filter(({ firingAtMs }) => firingAtMs !== undefined);
    const first = fired[0];
    if (first === undefined) {
      const last = all.at(-1);
      const observed =
        last === undefined ? "never pending" : `pending ${when(last.pendingAtMs, observation)}, no longer`;
      return [{ code: "missing-alert", subject, expected: "that it fires", observed }];
    }
    const findings: Finding[] = [];
    const { injectedAtMs = observation.startedAtMs, removedAtMs = observation.endedAtMs } = observation;
    if ((first.firingAtMs ?? 0) < injectedAtMs) {
      findings.push({
        code: "false-alarm",
        subject,
        expected: "that it fires after the fault only",
        observed: `firing ${when(first.firingAtMs, observation)}`,
      });
    }
    if (fired.length > 1 || first.lastSeenAtMs < removedAtMs - endTolerance(observation, evaluationMs)) {
      findings.push({
        code: "ended-early",
        subject,
        expected: "one incident that lasts until the fault is removed",
        observed: `${fired.length} incident(s), the first one ended ${when(first.lastSeenAtMs, observation)}`,
      });
    }
    return findings;
  });
}

/**
 * The age of the last evaluation before the removal of the fault: an interval of the alert, and more if Prometheus skips
 * evaluations.
 */
function endTolerance({ evaluationIntervalMs }: Observation, evaluationMs: number): number {
  return (SKIPPED_EVALUATIONS - 1) * evaluationIntervalMs + evaluationMs;
}

function judgeInhibited(name: string, { outlives }: ExpectedAlert, observation: Observation): Finding[] {
  const higher = firedOf(observation).filter(({ alertname }) => alertname === outlives);
  const endsMs = higher.map(({ lastSeenAtMs }) => lastSeenAtMs);
  const inhibitedUntilMs = endsMs.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...endsMs);
  const findings: Finding[] = toPeople(observation)
    .filter(({ alertname, receivedAtMs }) => alertname === name && receivedAtMs <= inhibitedUntilMs)
    .map((message) => ({
      code: "inhibited-but-notified",
      subject: name,
      expected: "no notification, because a higher-severity alert inhibits it",
      observed: `${message.receiver} received "${message.summary}" ${when(message.receivedAtMs, observation)}`,
    }));
  if (!observation.inhibited.includes(name)) {
    findings.push({
      code: "not-inhibited",
      subject: name,
      expected: "that Alertmanager inhibits it",
      observed: `inhibited: ${observation.inhibited.join(", ") || "none"}`,
    });
  }
  return findings;
}

function judgeNotified(name: string, { receivers }: ExpectedAlert, observation: Observation): Finding[] {
  const messages = toPeople(observation).filter(({ alertname }) => alertname === name);
  const others = messages.filter(({ receiver }) => !(receivers as readonly string[]).includes(receiver));
  return [
    ...others.map(
      (message): Finding => ({
        code: "unexpected-receiver",
        subject: name,
        expected: `messages to ${receivers.join(", ")} only`,
        observed: `${message.receiver} received "${message.summary}"`,
      }),
    ),
    ...receivers.flatMap((receiver) =>
      judgeReceiver(
        name,
        receiver,
        messages.filter((message) => message.receiver === receiver),
        observation,
      ),
    ),
  ];
}

function judgeReceiver(
  name: string,
  receiver: string,
  messages: readonly Notification[],
  observation: Observation,
): Finding[] {
  const subject = `${name} at ${receiver}`;
  const observed =
    messages.map((item) => `${item.status} ${when(item.receivedAtMs, observation)}`).join(", ") || "none";
  const finding = (code: FindingCode, expected: string): Finding => ({ code, subject, expected, observed });
  const { injectedAtMs = observation.startedAtMs, removedAtMs } = observation;
  if (!messages.some(({ status }) => status === "firing")) return [finding("not-notified", "a firing message")];
  const findings: Finding[] = [];
  if (messages.some(({ receivedAtMs }) => receivedAtMs < injectedAtMs)) {
    findings.push(finding("false-alarm", "no message before the fault"));
  }
  if (removedAtMs === undefined) return findings;
  if (messages.some(({ status, receivedAtMs }) => status === "resolved" && receivedAtMs < removedAtMs)) {
    findings.push(finding("false-resolve", "no resolved message before the fault is removed"));
  }
  if (messages.at(-1)?.status !== "resolved") findings.push(finding("not-resolved", "a resolved message at the end"));
  if (messages.filter(({ status }) => status === "resolved").length > 1) {
    findings.push(finding("false-resolve", "one resolved message"));
  }
  const keys = new Set(messages.filter(({ kind }) => kind === "pagerduty").map(({ body }) => dedupKeyOf(body)));
  if (keys.size > 1) findings.push(finding("bad-message", "one dedup key for the whole incident"));
  return findings;
}

function judgeMessages(observation: Observation): Finding[] {
  return [
    ...observation.notifications.flatMap((message) =>
      problemsOf(message).map(
        (problem): Finding => ({
          code: "bad-message",
          subject: `${message.alertname ?? "?"} at ${message.receiver}`,
          expected: problem.expected,
          observed: problem.observed,
        }),
      ),
    ),
    ...observation.rejections.map(
      ({ path, problems }): Finding => ({
        code: "refused-message",
        subject: path,
        expected: "messages that the receiver accepts",
        observed: problems.join("; "),
      }),
    ),
  ];
}

function judgeHeartbeat(observation: Observation): Finding[] {
  if (observation.notifications.some(({ receiver }) => receiver === "deadman")) return [];
  const expected = "a sign of life at the dead man's switch";
  return [{ code: "no-heartbeat", subject: ALWAYS_FIRING, expected, observed: "none" }];
}

function judgeTasks({ tasks }: Observation): Finding[] {
  if (tasks.lost.length === 0) return [];
  const shown = tasks.lost.slice(0, 5).join(", ");
  return [
    {
      code: "lost-task",
      subject: `${tasks.lost.length} of ${tasks.submitted} tasks`,
      expected: "a result or a dead letter for every task",
      observed: `neither for ${shown}${tasks.lost.length > 5 ? ", ..." : ""}`,
    },
  ];
}

/** Messages to people: all but those to the dead man's switch. */
function toPeople({ notifications }: Observation): Notification[] {
  return notifications.filter(({ receiver }) => receiver !== "deadman");
}

function firedOf({ incidents }: Observation): Incident[] {
  return incidents.filter(({ alertname, firingAtMs }) => alertname !== ALWAYS_FIRING && firingAtMs !== undefined);
}

function isExpectedInstance(expected: ExpectedAlert | undefined, instance: Incident["instance"]): boolean {
  return expected?.instances.some((wanted) => fits(wanted, instance)) ?? false;
}

function dedupKeyOf(body: unknown): unknown {
  return (body as { dedup_key?: unknown } | null)?.dedup_key;
}

function when(atMs: number | undefined, { startedAtMs, injectedAtMs, removedAtMs }: Observation): string {
  if (atMs === undefined) return "never";
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  if (removedAtMs !== undefined && atMs >= removedAtMs) return `${seconds(atMs - removedAtMs)} after its removal`;
  if (injectedAtMs !== undefined && atMs >= injectedAtMs) return `${seconds(atMs - injectedAtMs)} after the fault`;
  return `${seconds(atMs - startedAtMs)} after the start`;
}
