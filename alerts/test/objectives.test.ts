import { expect, test } from "vitest";
import { BUNDLE } from "../src/bundle/index.ts";
import type { Expression } from "../src/promql/expression.ts";
import { renderQuery } from "../src/promql/render.ts";
import { promtoolDocument } from "../src/render/promtoolTests.ts";
import { budgetLeft, type Objective, objectivesOf } from "../src/slo/objectives.ts";
import { hours } from "../src/timing.ts";
import { PROMETHEUS_RELEASES, promtool } from "../src/tools/releases.ts";
import { promtoolTest } from "../src/tools/run.ts";

/** 99 % of the events must be good. */
const objectives = objectivesOf({
  slo: { ...BUNDLE.slo, expressLatency: { objective: 0.99, withinSeconds: 0.5 }, taskSuccess: { objective: 0.99 } },
});
const named = (id: Objective["id"]) => objectives.find((objective) => objective.id === id) as Objective;
const finished = (type: string, lane: string, le: string) =>
  `mcp_task_wait_seconds_bucket{type="${type}", lane="${lane}", le="${le}"}`;
const HOUR = hours(1);

/** In each minute: 100 tasks of reasoning, of which 2 are late; 50 of ml, none late; 10 of codegen, all dead letters. The type idle has none, and so no budget. */
const series = [
  [finished("reasoning", "express", "0.5"), "0+98x120"],
  [finished("reasoning", "express", "1"), "0+99x120"],
  [finished("reasoning", "express", "+Inf"), "0+100x120"],
  [finished("reasoning", "regular", "0.5"), "0+0x120"],
  [finished("reasoning", "regular", "+Inf"), "0+900x120"],
  [finished("ml", "express", "0.5"), "0+50x120"],
  [finished("ml", "express", "+Inf"), "0+50x120"],
  ['mcp_tasks_completed_total{type="reasoning", lane="express"}', "0+95x120"],
  ['mcp_tasks_failed_total{type="reasoning", lane="express", reason="upstream"}', "0+4x120"],
  ['mcp_tasks_failed_total{type="reasoning", lane="regular", reason="timeout"}', "0+1x120"],
  ['mcp_tasks_completed_total{type="ml", lane="regular"}', "0+50x120"],
  ['mcp_tasks_failed_total{type="codegen", lane="regular", reason="upstream"}', "0+10x120"],
  ['mcp_tasks_completed_total{type="idle", lane="regular"}', "0+0x120"],
] as const;

function expected(expression: Expression, byType: Readonly<Record<string, number>>) {
  const samples = Object.entries(byType).map(([type, value]) => ({ labels: `{type="${type}"}`, value }));
  // Binary fractions: rounded to a thousandth.
  return { expr: `round(${renderQuery(expression)}, 0.001)`, eval_time: "2h", exp_samples: samples };
}

test.each(PROMETHEUS_RELEASES)("Prometheus %s calculates the budgets of each type", async (release) => {
  const document = promtoolDocument("rules.yml", [
    {
      name: "objectives",
      interval: "1m",
      input_series: series.map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [
        expected(budgetLeft(named("express-latency"), HOUR), { reasoning: -1, ml: 1 }),
        expected(budgetLeft(named("task-success"), HOUR), { reasoning: -4, ml: 1, codegen: -99 }),
      ],
    },
  ]);
  expect(await promtoolTest(promtool(release), "groups: []\n", document)).toMatchObject({ ok: true });
});
