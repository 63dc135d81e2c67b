import type { Facts } from "../alert.ts";
import { admin, api, breakers, logs, query, redis, upstreamErrors, upstreamSteps } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning:
    `More than ${facts.threshold} of the tasks of one type that ended in the last ${facts.window} ended in the dead ` +
    `letter queue, for ${facts.for}. An outage of an upstream is not the cause: while one lasts, tasks wait.`,
  impact: "Work is not done. Dead letters keep everything that is needed to run the tasks again.",
  first: ["failure-reasons", "dlq-latest"],
  symptoms: ["`mcp_tasks_failed_total` rises, with the reason in its label.", "DeadLetterQueueGrowing."],
  diagnosis: [
    {
      text: "Why do they fail?",
      commands: [
        query(
          "failure-reasons",
          "Failed tasks per second over the last minute, by type and reason.",
          "sum by (type, reason) (rate(mcp_tasks_failed_total[1m])) > 0",
          { firing: { numberAbove: 0 }, healthy: { nothing: true } },
        ),
        redis("dlq-length", "Entries of the dead letter queue.", "XLEN mcp:queue:dlq", { firing: { numberAbove: 0 } }),
        api(
          "dlq-latest",
          "Some dead letters with reason and error.",
          "/api/v1/dlq?limit=10",
          '.items[] | "\\(.type) \\(.reason) \\(.error)"',
          {
            firing: { matches: "(upstream|timeout|validation|poison|internal)" },
          },
        ),
        logs("failed-log", "Failed attempts in the log.", "Task .* failed", { firing: { matches: "Task .* failed" } }),
      ],
    },
    { text: "Reason `upstream` or `timeout`: are the external APIs well?", commands: [upstreamErrors, breakers] },
    {
      text: "Reason `validation`: who sends what the handler cannot read?",
      commands: [logs("invalid-payloads", "Payloads that were refused.", "ValidationError|Invalid .*payload")],
    },
  ],
  mitigation: [
    {
      cause: "An external API rejects the requests, or fails part of the time",
      fault: "failing-upstream",
      steps: [
        ...upstreamSteps,
        {
          text: "When it is well again, run the dead letters once more.",
          commands: [
            admin(
              "dlq-retry",
              "Put back what failed because of the upstream.",
              "/api/v1/admin/dlq/retry",
              '{"reason": "upstream"}',
              {
                firing: { matches: '"retried":\\d+' },
              },
            ),
          ],
        },
      ],
    },
    {
      cause: "Payloads are invalid",
      steps: [{ text: "Mend the submitter; discard what can never work (`DELETE /api/v1/admin/dlq/{id}`)." }],
    },
    {
      cause: "Tasks take too long",
      steps: [
        {
          text: 'Raise the time-out of the type (`TASK_OVERRIDES`), or make the task shorter; then retry by `{"reason": "timeout"}`.',
        },
      ],
    },
    { cause: "The network", steps: [{ text: "Check DNS, firewall rules and the path to the APIs." }] },
  ],
  escalation: "To the owners of the failing type after 30 minutes.",
  prevention: [
    "Schemas for payloads, checked at submission.",
    "Circuit breakers and retries with back-off (the service has both).",
    "DeadLetterQueueGrowing.",
  ],
  corrections: [
    {
      was: "`curl -I https://api.perplexity.ai`",
      now: "The measured outcomes of the service's own requests.",
      why: "A front page that answers says nothing about the API behind it, or about the account's quota.",
    },
  ],
  related: ["DeadLetterQueueGrowing", "ExpressLatencyHigh"],
});
