import type { Facts } from "../alert.ts";
import {
  discardInvalid,
  latestDeadLetters,
  listInvalid,
  logs,
  query,
  redis,
  retryUpstream,
  upstreamErrors,
} from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";
import { CONTEXT } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, more than ${facts.threshold} of the tasks of one type have failed.`,
  impact: "Clients get errors instead of results. Failed tasks are in the dead letter queue (DLQ), and can be retried.",
  first: [
    query(
      "failure-reasons",
      "Why do they fail? Failed tasks per second, by type and reason.",
      "sum by (type, reason) (rate(mcp_tasks_failed_total[1m])) > 0",
      { firing: { numberAbove: 0 }, healthy: { nothing: true } },
    ),
    latestDeadLetters,
  ],
  diagnosis: [
    redis("dlq-length", "How many are in the DLQ?", "XLEN mcp:queue:dlq", { firing: { numberAbove: 0 } }),
    upstreamErrors,
    logs("failed-log", "What does the log say about failed attempts?", "Task .* failed", {
      firing: { matches: "Task .* failed", not: "" },
    }),
    logs("invalid-payloads", "Which payloads are invalid?", "ValidationError|Invalid .*payload", CONTEXT),
  ],
  mitigation: [
    {
      cause: "`upstream`: an external API rejects the requests",
      fault: "failing-upstream",
      steps: [
        "With `denied`, renew the key or raise the quota: tasks wait and do not fail. Otherwise the owner of the type or client " +
          "corrects the request; the error has the API's answer.",
        { ...retryUpstream, why: retryUpstream.why.replace("When the API works again", "When it is corrected") },
      ],
    },
    {
      cause: "`validation`: payloads are invalid",
      steps: ["Have the client fixed.", listInvalid, discardInvalid],
    },
    {
      cause: "`timeout`: tasks take too long",
      steps: [
        "Raise the timeout of the type (`TASK_OVERRIDES`, [how](README.md#settings)). Then retry as above, with this reason.",
      ],
    },
    {
      cause: "`poison` or `internal`: the handler crashes or throws",
      steps: ["Fix the handler; the log has the stack. Then retry as above, with that reason."],
    },
  ],
  escalation: "After 30 minutes, or for any other reason, call the owner of the type.",
  prevention: ["Give every type a payload schema."],
  corrections: [
    {
      was: "`curl -I https://api.perplexity.ai`",
      now: "The measured outcomes of the service's own requests.",
      why: "A front page says nothing about the API behind it or the account's quota.",
    },
  ],
  related: ["DeadLetterQueueGrowing", "ExpressLatencyHigh"],
});
