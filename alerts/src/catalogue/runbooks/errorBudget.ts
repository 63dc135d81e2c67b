import type { Facts } from "../alert.ts";
import { BURNS, burnRecord, burnsText, type Speed } from "../errorBudget.ts";
import type { FaultId } from "../faults.ts";
import {
  discardInvalid,
  hostResources,
  latestDeadLetters,
  listInvalid,
  query,
  redisLatency,
  retryUpstream,
  UPSTREAM_DOWN,
  upstreamErrors,
  upstreamLatency,
} from "./commands.ts";
import { CONTEXT, type Command, type Runbook } from "./runbook.ts";

const ESCALATION: Readonly<Record<Speed, string>> = {
  fast: "After 30 minutes, call the platform team: the budget of a month is gone within five days.",
  slowly: "Open a ticket for the platform team. Call no one at night.",
};

const PREVENTION = "Change an objective that users do not need in `bundle.config.ts`. Do not silence its alerts.";

/** The budget that late express tasks spend. */
export function expressBudgetRunbook(facts: Facts, speed: Speed): Runbook {
  return {
    meaning: `The error budget of express tasks of one type is spent too fast: above ${facts.threshold} times the allowed rate ${burnsText(speed)}.`,
    impact:
      speed === "fast"
        ? "Many users notice the delay."
        : "A few users notice the delay, again and again. No other alert has reported it.",
    first: [burnNow("express-latency", speed), upstreamLatency, redisLatency],
    diagnosis: [
      query(
        "queue-p99",
        "How long do tasks take from the queue on (p99, seconds)? If that is short, time is lost before the queue.",
        'histogram_quantile(0.99, sum by (type, le) (rate(mcp_task_latency_seconds_bucket{lane="express"}[5m])))',
        CONTEXT,
      ),
      hostResources,
    ],
    mitigation: [
      {
        cause: "An external API answers slowly, always or at times",
        fault: speed === "fast" ? "very-slow-upstream" : "slow-calls",
        steps: [UPSTREAM_DOWN, "Report it to the provider."],
      },
      {
        cause: "Another cause",
        steps: [
          "If tasks take long from the queue on: [ExpressLatencyHigh](ExpressLatencyHigh.md). Otherwise: [ExpressWaitHigh](ExpressWaitHigh.md).",
        ],
      },
    ],
    escalation: ESCALATION[speed],
    prevention: [PREVENTION],
    corrections: [],
    related: ["ExpressLatencyHigh", "ExpressLatencyCritical", "ExpressWaitHigh"],
  };
}

/** The budget that failed tasks spend. */
export function successBudgetRunbook(facts: Facts, speed: Speed): Runbook {
  const fault: FaultId = speed === "fast" ? "failing-upstream" : "failing-calls";
  return {
    meaning: `The error budget of tasks of one type is spent too fast: above ${facts.threshold} times the allowed rate ${burnsText(speed)}.`,
    impact:
      speed === "fast"
        ? "Many clients get errors instead of results. Failed tasks are in the dead letter queue (DLQ), and can be retried."
        : "A few clients get errors instead of results, again and again. No other alert has reported it.",
    first: [
      burnNow("task-success", speed),
      query(
        "failure-reasons",
        "Why do they fail? Failed tasks of the last hour, by type and reason.",
        "sum by (type, reason) (increase(mcp_tasks_failed_total[1h])) > 0",
        { expected: "the type of the alert, with its main reason", firing: { numberAbove: 0 } },
      ),
      latestDeadLetters,
    ],
    diagnosis: [upstreamErrors],
    mitigation: [
      {
        cause: "`upstream`: an external API rejects requests",
        fault,
        steps: ["The owner of the type or of the client corrects them.", retryUpstream],
      },
      {
        cause: "`validation`: payloads of one client are invalid",
        steps: ["Have the client fixed.", listInvalid, discardInvalid],
      },
      { cause: "Another reason", steps: ["Follow [TaskFailureRateHigh](TaskFailureRateHigh.md)."] },
    ],
    escalation: ESCALATION[speed],
    prevention: ["Give every type a schema.", PREVENTION],
    corrections: [],
    related: ["TaskFailureRateHigh", "DeadLetterQueueGrowing"],
  };
}

/** The present burn rates, over the short windows. */
function burnNow(id: Parameters<typeof burnRecord>[0], speed: Speed): Command {
  const { rate: other } = BURNS[speed][1];
  const burns = BURNS[speed].map(({ shortMs }) => `${burnRecord(id, shortMs)} > ${other}`).join(" or ");
  return query(
    "burn-now",
    "Is the budget still burning? Burn rates (1: the allowed rate) over the short windows.",
    burns,
    {
      expected: "the type of the alert; nothing, if it is over",
      firing: { numberAbove: other },
      healthy: { nothing: true },
    },
  );
}
