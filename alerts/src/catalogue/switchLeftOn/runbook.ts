import type { Facts } from "../alert.ts";
import { admin, liftRate, query } from "../commands.ts";
import type { Runbook } from "../runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `A setting that an operator changed in the running service has differed from the configuration for ${facts.for}.`,
  impact:
    "What was right in an incident is wrong afterwards: refused tasks, a paused type, express tasks without their lane.",
  symptoms: ["`mcp_operator_override` is 1."],
  diagnosis: [
    {
      text: "Which one? The log has who changed it, and when.",
      commands: [
        query(
          "overrides",
          "Settings that differ from the configuration.",
          "max by (override, type) (mcp_operator_override) > 0",
          {
            firing: { matches: "override" },
            healthy: { nothing: true },
          },
        ),
      ],
    },
  ],
  mitigation: [
    {
      cause: "`rate_limit`",
      steps: [{ text: "Switch it off, or put the rate into `RATE_LIMIT_PER_SECOND`:", commands: [liftRate] }],
    },
    {
      cause: "`express_bypass`",
      fault: "leave-bypass-on",
      steps: [
        {
          text: "Give the express lane back:",
          commands: [
            admin(
              "bypass-off",
              "Express tasks take their own lane again.",
              "/api/v1/admin/express-bypass/disable",
              undefined,
              {
                firing: { matches: '"enabled":false' },
              },
            ),
          ],
        },
      ],
    },
    {
      cause: "`paused`",
      steps: [{ text: "Resume the type (`npm run cli -- resume TYPE`), or remove it from the service." }],
    },
    { cause: "`workers`", steps: [{ text: "Put the number into `WORKERS_PER_TYPE`, or scale back to it." }] },
  ],
  escalation: "To the platform team in working hours.",
  prevention: ["An end date in the incident's notes for everything that is switched on."],
  corrections: [],
  related: ["SubmissionsFailing", "OldestTaskTooOld"],
});
