import { alertingSeries, OWN_RULE_GROUPS } from "../../promql/alertingMetrics.ts";
import { sum } from "../../promql/expression.ts";
import { increase } from "../../promql/signals.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { BUDGET_INTERVAL_MS } from "../errorBudget.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

/**
 * The longest interval of a group, and two scrapes of Prometheus by itself: a rule that fails whenever it is evaluated does
 * not leave it.
 */
const windowMs = BUDGET_INTERVAL_MS + minutes(2);
const labels = ["rule_group"];

const signal: Signal = {
  record: "rule_group:prometheus_rule_evaluation_failures:increase7m",
  labels,
  bridgesGaps: true,
  expression: sum(
    labels,
    increase(alertingSeries("prometheus_rule_evaluation_failures_total", OWN_RULE_GROUPS, windowMs)),
  ),
};

export const ruleEvaluationFailing = defineAlert({
  name: "RuleEvaluationFailing",
  severity: "critical",
  signal,
  comparator: ">",
  threshold: { value: 0, unit: "state", fixed: true },
  windowMs,
  // As long as the window: a single failed evaluation has left it by then.
  forMs: windowMs,
  summary: () => "Rules of {{ $labels.rule_group }} cannot be evaluated",
  description: (facts) =>
    `For ${facts.for}, evaluations in the group {{ $labels.rule_group }} have failed. An alert whose rule fails does not ` +
    "fire, and one that is firing resolves.",
  panel: "rule-failures",
  runbook,
  samples,
  fault: "break-a-rule",
});
