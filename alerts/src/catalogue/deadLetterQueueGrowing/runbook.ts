import type { Facts } from "../alert.ts";
import {
  discardInvalid,
  latestDeadLetters,
  listInvalid,
  query,
  redis,
  retryUpstream,
  upstreamErrors,
} from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, the dead letter queue (DLQ) has been more than ${facts.threshold} above its lowest depth of the last ${facts.window}.`,
  impact: "Clients get errors instead of results. Failed tasks are kept.",
  first: [
    query(
      "failure-reasons",
      "Why do they fail? Failed tasks of the last hour, by type and reason.",
      "sum by (type, reason) (increase(mcp_tasks_failed_total[1h])) > 0",
      { firing: { numberAbove: 0 } },
    ),
    latestDeadLetters,
  ],
  diagnosis: [
    redis("dlq-length", "How many are there?", "XLEN mcp:queue:dlq", {
      expected: `more than ${facts.limit}`,
      firing: { numberAbove: facts.limit },
    }),
    "If tasks still fail, follow [TaskFailureRateHigh](TaskFailureRateHigh.md).",
  ],
  mitigation: [
    {
      cause: "The reason is gone: an API works again, a handler is fixed",
      fault: "failing-upstream",
      steps: [upstreamErrors, retryUpstream, "After a fix of the handler, replace `upstream` by its reason."],
    },
    {
      cause: "The tasks can never work",
      steps: ["Have the client fixed.", listInvalid, discardInvalid],
    },
  ],
  escalation: "In working hours, call the owner of the type.",
  prevention: ["Give every type a payload schema.", "Look at dead letters once a day."],
  corrections: [],
  related: ["TaskFailureRateHigh"],
});
