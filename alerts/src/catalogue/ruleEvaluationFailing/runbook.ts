import type { Facts } from "../alert.ts";
import { query, reloadAlerting, STALE_MOUNT } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: `For ${facts.for}, Prometheus has failed to evaluate rules of this service.`,
  impact: "An alert whose rule fails does not fire, or resolves.",
  first: [
    query(
      "failing-groups",
      "Which groups fail? Failures in seven minutes.",
      'sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total{rule_group=~".*;mcp-orchestrator.*"}[7m])) > 0',
      { firing: { matches: "rule_group", not: "" }, healthy: { nothing: true } },
    ),
    {
      id: "rule-errors",
      why: "Which rules, and why?",
      run: `curl -fsS "$PROMETHEUS_URL/api/v1/rules" | jq -r '.data.groups[].rules[] | select(.health == "err") | "\\(.name): \\(.lastError)"'`,
      firing: { matches: ": ", not: "" },
      healthy: { nothing: true },
    },
  ],
  diagnosis: ["Did the rule file change, or a label of the targets?"],
  mitigation: [
    {
      cause: "The rule file was edited by hand",
      fault: "break-a-rule",
      steps: [
        "Put the generated file back (`alerts/generated/mcp-orchestrator.rules.yml`), then:",
        reloadAlerting,
        STALE_MOUNT,
      ],
    },
    {
      cause: "`many-to-many` or `same labelset`: the series have other labels than before",
      steps: [
        "Find what relabels the targets. For two installations in one Prometheus, set `scope` in `bundle.config.ts`.",
      ],
    },
    {
      cause: "`query processing would load too many samples`, or a timeout",
      steps: ["Raise `--query.max-samples` or `--query.timeout`, or give Prometheus more CPU."],
    },
  ],
  escalation: "Call the platform team at once.",
  prevention: ["Run `promtool test rules` before you load rules."],
  corrections: [],
  related: ["Watchdog", "ConfigurationReloadFailed"],
});
