import { dump } from "js-yaml";
import type { Bundle } from "../bundle/index.ts";
import { renderQuery } from "../promql/render.ts";
import { scoped } from "../promql/scope.ts";
import { type Objective, objectivesOf } from "../slo/objectives.ts";
import { HEADER } from "./yaml.ts";

/** Where a tool for OpenSLO puts the window that it calculates with. */
const WINDOW = "{{.window}}";

/**
 * The objectives of an installation as OpenSLO documents, for tools that make alerts or reports of them.
 *
 * @see https://github.com/OpenSLO/OpenSLO, version openslo/v1
 */
export function renderOpenSlo(bundle: Bundle): string {
  const documents = objectivesOf(bundle).map((objective) => dump(document(objective, bundle), { lineWidth: -1 }));
  return `${HEADER}\n${documents.join("---\n")}`;
}

function document({ id, title, description, target, good, all }: Objective, bundle: Bundle): object {
  const metric = (events: Objective["good"]) => ({
    metricSource: {
      type: "Prometheus",
      spec: { query: renderQuery(scoped(events("$window", []), bundle)).replaceAll("$window", WINDOW) },
    },
  });
  return {
    apiVersion: "openslo/v1",
    kind: "SLO",
    metadata: { name: `${bundle.job}-${id}`, displayName: title },
    spec: {
      description,
      service: bundle.job,
      indicator: {
        metadata: { name: id },
        spec: { ratioMetric: { counter: true, good: metric(good), total: metric(all) } },
      },
      timeWindow: [{ duration: `${bundle.slo.windowDays}d`, isRolling: true }],
      budgetingMethod: "Occurrences",
      objectives: [{ displayName: title, target }],
    },
  };
}
