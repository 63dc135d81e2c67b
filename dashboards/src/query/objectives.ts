import { BUNDLE, budgetLeft, formatDuration, hours, type Objective, objectiveOf } from "@mcp-orchestrator/alerts";
import { type Expression, mapSelectors } from "@mcp-orchestrator/alerts/promql";
import { followedVariables } from "./metrics.ts";
import type { Vector } from "./vector.ts";

const WHOLE_WINDOW_MS = hours(24 * BUNDLE.slo.windowDays);

/** The window of all queries about objectives, as PromQL writes it. */
export const OBJECTIVE_WINDOWS: readonly string[] = [formatDuration(WHOLE_WINDOW_MS)];

/** An objective of the bundle. */
export function objectiveNamed(id: Objective["id"]): Objective {
  return objectiveOf(BUNDLE, id);
}

/** Share of the error budget that is left over the days of the objective, by type; below 0 if it is overspent. */
export function errorBudgetLeft(id: Objective["id"]): Vector<"type"> {
  return followed(budgetLeft(objectiveNamed(id), WHOLE_WINDOW_MS));
}

function followed(expression: Expression): Vector<"type"> {
  const variables = followedVariables(["job", "instance", "type"]);
  const expr = mapSelectors(expression, (selector) => ({
    ...selector,
    matchers: [...variables, ...selector.matchers],
  }));
  return { expr, labels: ["type"] };
}
