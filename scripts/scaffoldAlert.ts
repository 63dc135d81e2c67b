import { camelCase, kebabCase } from "change-case";

/** A new alert cannot be created. */
export class NewAlertError extends Error {
  readonly code = "NEW_ALERT";
  readonly subject: string;

  constructor(subject: string, message: string) {
    super(message);
    this.name = "NewAlertError";
    this.subject = subject;
  }
}

/**
 * The files of a new alert: its folder, and its entries in the catalogue, the table of faults and that of panels. What
 * its author has to write is FILL_IN, a name that does not exist, so the compiler reports it.
 *
 * @param name in the style of alerts: `RedisSlow`
 * @param existing texts of the files that get an entry, by path
 * @throws NewAlertError if the name is invalid, or a file is not as expected
 */
export function scaffold(name: string, existing: ReadonlyMap<string, string>): Map<string, string> {
  if (!/^[A-Z][A-Za-z0-9]{3,}$/.test(name)) {
    throw new NewAlertError(name, `An alert is named like RedisSlow, in letters and digits, not "${name}"`);
  }
  const identifier = camelCase(name);
  const key = kebabCase(name);
  const folder = `alerts/src/catalogue/${identifier}`;
  const changed = (file: string, edits: readonly (readonly [RegExp, string])[]): [string, string] => {
    let text = existing.get(file) ?? "";
    if (text.includes(`/${identifier}/`) || text.includes(`"${key}"`)) {
      throw new NewAlertError(name, `${file} has an alert of that name already`);
    }
    for (const [place, entry] of edits) {
      if (!place.test(text)) throw new NewAlertError(file, `${file} has no place ${place} for an entry`);
      text = text.replace(place, entry);
    }
    return [file, text];
  };
  const ids = [...(existing.get("alerts/src/panels.ts") ?? "").matchAll(/: (\d+),$/gm)].map(([, id]) => Number(id));
  return new Map([
    changed("alerts/src/catalogue/definitions.ts", [
      [/\n\n\/\*\*/, `\nimport { ${identifier} } from "./${identifier}/alert.ts";\n\n/**`],
      [/("mcp-orchestrator-queues": \[\n)/, `$1    ${identifier},\n`],
    ]),
    changed("alerts/src/catalogue/faults.ts", [
      [/( {2}none: \{)/, `  "${key}": { inject: () => FILL_IN.whatIsDone, remove: FILL_IN.whatUndoesIt },\n$1`],
    ]),
    changed("alerts/src/panels.ts", [[/(\n\} as const;)/, `\n  "${key}": ${Math.max(0, ...ids) + 1},$1`]]),
    [`${folder}/alert.ts`, alertText(name, identifier, key)],
    [`${folder}/runbook.ts`, runbookText()],
    [`${folder}/samples.ts`, samplesText()],
  ]);
}

const alertText = (name: string, identifier: string, key: string) => `import { max } from "../../promql/expression.ts";
import { series } from "../../promql/series.ts";
import { minutes } from "../../timing.ts";
import { defineAlert, type Signal } from "../alert.ts";
import { runbook } from "./runbook.ts";
import { samples } from "./samples.ts";

const labels = FILL_IN.labelsOfItsInstances;

const signal: Signal = {
  record: FILL_IN.levelMetricOperation,
  labels,
  // max for gauges that are equal on every replica; sum of a rate for what each replica counts.
  expression: max(labels, series(FILL_IN.metricOfTheContract)),
};

export const ${identifier} = defineAlert({
  name: "${name}",
  severity: FILL_IN.severity,
  signal,
  comparator: ">",
  threshold: { value: FILL_IN.threshold, unit: FILL_IN.unit },
  forMs: minutes(5),
  summary: (facts) => \`\${FILL_IN.whatIsWrong} more than \${facts.threshold}\`,
  description: (facts) => \`\${FILL_IN.whatItMeansForUsers} \${facts.value}, above \${facts.threshold} for \${facts.for}.\`,
  panel: "${key}",
  runbook,
  samples,
  fault: "${key}",
});
`;

const runbookText = () => `import type { Facts } from "../alert.ts";
import { redisPing } from "../runbooks/commands.ts";
import type { Runbook } from "../runbooks/runbook.ts";

export const runbook = (facts: Facts): Runbook => ({
  meaning: \`\${FILL_IN.whatFired} more than \${facts.threshold} for \${facts.for}.\`,
  impact: FILL_IN.whatUsersNotice,
  first: [redisPing],
  diagnosis: [FILL_IN.whatToLookAt],
  mitigation: [{ cause: FILL_IN.likelyCause, steps: [FILL_IN.whatEndsIt] }],
  escalation: FILL_IN.whenToCallAndWhom,
  prevention: [FILL_IN.whatKeepsItAway],
  corrections: [],
  related: [FILL_IN.relatedAlert],
});
`;

const samplesText = () => `import { type Samples, timeline } from "../samples/samples.ts";
import { gauge } from "../samples/scrapes.ts";

/** Written by hand: take no number from alert.ts, or a wrong one proves itself right. */
export const samples: Samples = {
  threshold: FILL_IN.threshold,
  labels: { severity: FILL_IN.severity, service: "mcp-orchestrator", team: "platform" },
  cases: [
    {
      name: "pending from the first evaluation above the threshold, firing after 5m and not one evaluation earlier, then resolved",
      series: { [FILL_IN.series]: gauge({ "0s": 0, "2m": FILL_IN.above, "15m": FILL_IN.below }) },
      expect: timeline("1m45s silent, 2m pending, 6m45s pending, 7m firing, 25m silent", FILL_IN.instance),
      annotated: { at: "7m", labels: FILL_IN.instance, annotations: FILL_IN.annotations },
    },
  ],
};
`;
