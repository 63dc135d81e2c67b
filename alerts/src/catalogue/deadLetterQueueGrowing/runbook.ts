import type { Facts } from "../alert.ts";
import { admin, api, query, redis } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `The dead letter queue stands more than ${facts.threshold} above its lowest depth of the last ${facts.window}, for ${facts.for}.`,
  impact:
    "Tasks have failed for good and wait to be retried or discarded. They are kept with their payload and history.",
  first: ["failure-reasons", "dlq-latest"],
  symptoms: ["`mcp_dlq_depth` rises."],
  diagnosis: [
    {
      text: "What died, and why?",
      commands: [
        redis("dlq-length", "Entries of the dead letter queue.", "XLEN mcp:queue:dlq", {
          firing: { numberAbove: facts.limit },
        }),
        query(
          "failure-reasons",
          "Failed tasks of the last hour, by type and reason.",
          "sum by (type, reason) (increase(mcp_tasks_failed_total[1h])) > 0",
          {
            firing: { numberAbove: 0 },
          },
        ),
        api(
          "dlq-latest",
          "Some dead letters with reason and error.",
          "/api/v1/dlq?limit=10",
          '.items[] | "\\(.type) \\(.reason) \\(.error)"',
          {
            firing: { matches: "(upstream|timeout|validation|poison|internal)" },
          },
        ),
      ],
    },
  ],
  mitigation: [
    {
      cause: "The reason is gone (an upstream is back, a handler is fixed)",
      fault: "failing-upstream",
      steps: [
        {
          text: "Run them again.",
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
      cause: "They can never work",
      steps: [{ text: "Discard them (`DELETE /api/v1/admin/dlq/{id}`) and mend the submitter." }],
    },
  ],
  escalation: "To the owners of the failing type.",
  prevention: ["Schemas for payloads.", "A look at the dead letters once a day."],
  corrections: [],
  related: ["TaskFailureRateHigh"],
});
