import type { Facts } from "../alert.ts";
import { change, query, rateLimitOff, resume, rollingRestart, SWITCH_OFF } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `An operator changed a switch more than ${facts.for} ago, and has not changed it back.`,
  impact:
    "`rate_limit`: clients get 429. `express_bypass`: express tasks wait with regular ones. `paused`: tasks of the type wait. " +
    "`workers`: a type has another number of workers than configured.",
  first: [
    query("overrides", "Which switches are on?", "max by (override, type) (mcp_operator_override) > 0", {
      expected: "`1 {...}` with the labels `override` and `type`",
      firing: { matches: "^1 ", not: "0 {}" },
      healthy: { nothing: true },
    }),
  ],
  diagnosis: ["Does an incident still need it? Ask the on-call engineers."],
  mitigation: [
    {
      cause: "`express_bypass`",
      fault: "leave-bypass-on",
      steps: [change("bypass-off", "Open the express lane again.", "express-bypass disable", { firing: SWITCH_OFF })],
    },
    {
      cause: "`rate_limit`",
      steps: [rateLimitOff("Remove the limit.")],
    },
    {
      cause: "`paused`",
      steps: [resume],
    },
    {
      cause: "`workers`",
      steps: ["A restart brings back the configured number.", rollingRestart],
    },
    {
      cause: "It is meant to stay",
      steps: [
        "Configure it (`RATE_LIMIT_PER_SECOND`, `WORKERS_PER_TYPE`; [how](README.md#settings)), or silence the alert for a day.",
      ],
    },
  ],
  escalation: "In working hours, call the operator who changed it.",
  prevention: ["End each incident with a look at the switches on the dashboard."],
  corrections: [],
  related: ["SubmissionsFailing", "OldestTaskTooOld"],
});
