import { type AlertName, PRODUCTION } from "@mcp-orchestrator/alerts";
import { type Finding, ok, problem, skipped, warning } from "../finding.ts";
import type { AlertmanagerApi, PrometheusApi } from "../servers.ts";
import type { Check, CheckContext } from "./check.ts";
import { receiverName } from "./routing.ts";

const WATCHDOG: AlertName = "Watchdog";
const RECEIVER = "deadman";
/** The kind of the dead man's switch's receiver. */
const INTEGRATION = "webhook";
const LOOK_AGAIN_MS = 2_000;
/** One more heartbeat, because the server may have been about to send the last one. */
const HEARTBEATS_TO_WAIT = 1.25;

/** Checks that the Watchdog gets from Prometheus to the dead man's switch, like every other alert to its receiver. */
export const watchdog: Check = {
  title: "The way of an alert",
  asks: ["prometheus", "alertmanager"],
  async examine(context) {
    const { prometheus, alertmanager, installation } = context;
    return [
      ...(await firing(prometheus, Math.max(1, installation.bundle.scope.installations.length))),
      ...(await sending(prometheus)),
      ...(await arriving(alertmanager)),
      await delivered(context),
      ...(context.bundledDeadman ? [bundled()] : []),
    ];
  },
};

async function firing(prometheus: PrometheusApi, expected: number): Promise<Finding[]> {
  const found = await prometheus.query(`ALERTS{alertname="${WATCHDOG}", alertstate="firing"}`);
  if (found.length >= expected) return [ok("Prometheus", `${WATCHDOG} fires`)];
  return [
    problem(
      "Prometheus",
      `${WATCHDOG} fires ${found.length} times, not ${expected}`,
      "See the findings about rules above; it fires from their first evaluation on.",
    ),
  ];
}

async function sending(prometheus: PrometheusApi): Promise<Finding[]> {
  const alertmanagers = await prometheus.alertmanagers();
  if (alertmanagers === undefined) return [skipped("sending", "this server does not show its Alertmanagers")];
  if (alertmanagers.length > 0) return [ok("sending", `to ${alertmanagers.join(", ")}`)];
  return [
    problem(
      "sending",
      "Prometheus has no Alertmanager: no alert is sent",
      "Name it in Prometheus' configuration under `alerting.alertmanagers`, and reload.",
    ),
  ];
}

async function arriving(alertmanager: AlertmanagerApi): Promise<Finding[]> {
  const held = await alertmanager.alerts(WATCHDOG);
  if (held.length === 0) {
    return [
      problem(
        "Alertmanager",
        `it does not have ${WATCHDOG}`,
        "See whether Prometheus sends to this Alertmanager, whether it can reach it (`prometheus_notifications_errors_total`), " +
          "and whether an `alert_relabel_configs` drops the alert.",
      ),
    ];
  }
  return held.flatMap(({ status, receivers }) => {
    const { silencedBy, inhibitedBy } = status;
    if (silencedBy.length > 0) {
      const remedy = `amtool silence expire ${silencedBy.join(" ")}`;
      return [problem("Alertmanager", `${WATCHDOG} is silenced: the dead man's switch gets no heartbeat`, remedy)];
    }
    if (inhibitedBy.length > 0) {
      return [
        problem(
          "Alertmanager",
          `${WATCHDOG} is inhibited: the dead man's switch gets no heartbeat`,
          "Find the `inhibit_rules` whose target matches every alert, and exclude severity none.",
        ),
      ];
    }
    const names = receivers.map(({ name }) => receiverName(name));
    if (names.includes(RECEIVER)) return [ok("Alertmanager", `it has ${WATCHDOG}, for ${names.join(", ")}`)];
    return [
      problem(
        "Alertmanager",
        `${WATCHDOG} goes to ${names.join(", ")} and not to ${RECEIVER}`,
        `Put the route \`alertname="${WATCHDOG}"\` with receiver ${RECEIVER} before routes that match more alerts.`,
      ),
    ];
  });
}

function bundled(): Finding {
  return warning(
    "dead man's switch",
    "it is the bundled inbox, which calls no one when alerting stops",
    "Put the address of a switch outside this machine into secrets/deadman-url, then `docker compose run --rm setup && docker compose restart alertmanager`.",
  );
}

/**
 * Reads Alertmanager's counters. If every request so far succeeded, that is the answer; otherwise it waits for the next
 * heartbeat.
 */
async function delivered({ alertmanager, pause }: CheckContext): Promise<Finding> {
  const subject = "dead man's switch";
  const first = await alertmanager.requests(INTEGRATION);
  if (first === undefined) return skipped(subject, "this Alertmanager does not show what it has sent");
  if (first.sent > 0 && first.failed === 0) return ok(subject, `${first.sent} requests to webhooks, none failed`);
  const waitMs = PRODUCTION.alertmanager.heartbeatIntervalMs * HEARTBEATS_TO_WAIT;
  for (let waitedMs = 0; waitedMs < waitMs; waitedMs += LOOK_AGAIN_MS) {
    await pause(LOOK_AGAIN_MS);
    const { sent, failed } = (await alertmanager.requests(INTEGRATION)) ?? first;
    if (failed > first.failed) {
      return problem(
        subject,
        "requests to webhooks fail",
        "Alertmanager's log names the address and the error. Check the address of the dead man's switch (`deadman-url`), DNS, " +
          "proxy and certificate.",
      );
    }
    if (sent > first.sent) {
      if (first.failed === 0) return ok(subject, "a heartbeat was delivered");
      return warning(
        subject,
        `a heartbeat was delivered; ${first.failed} of ${first.sent} earlier requests to webhooks failed`,
        "Alertmanager's log says when and why.",
      );
    }
  }
  return problem(
    subject,
    `no heartbeat was sent within ${waitMs / 1_000} s`,
    "See the findings above. Of a pair of Alertmanagers the other one may send it: examine that one.",
  );
}
