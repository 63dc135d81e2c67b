import { max } from "../../promql/expression.ts";
import { series } from "../../promql/series.ts";
import { hours } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = ["override", "type"];

const signal: Signal = {
  record: "override_type:mcp_operator_override:max",
  labels,
  expression: max(labels, series("mcp_operator_override")),
  fromRedisState: true,
};

export const switchLeftOn = defineAlert({
  name: "SwitchLeftOn",
  severity: "warning",
  signal,
  comparator: ">",
  threshold: { value: 0, unit: "state", fixed: true },
  forMs: hours(1),
  summary: () => "The switch {{ $labels.override }} was left on{{ with $labels.type }} for {{ . }}{{ end }}",
  description: (facts) =>
    `An operator changed {{ $labels.override }}{{ with $labels.type }} of type {{ . }}{{ end }} more than ${facts.for} ago, ` +
    "and it still differs from the configuration.",
  panel: "operator-overrides",
  runbook,
  samples,
  fault: "leave-bypass-on",
});
