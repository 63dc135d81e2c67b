import type { Alert, Signal } from "../catalogue/alert.ts";
import type { Catalogue } from "../catalogue/index.ts";
import { DASHBOARD_VARIABLES, PANEL_IDS } from "../panels.ts";
import { EXPECTED_INSTALLATION, scopedName } from "../promql/scope.ts";
import { annotationsOf } from "../render/annotations.ts";
import { PRODUCTION } from "../timing.ts";
import { type Check, type Shape, type ShapeContext, shapeOf } from "./shape.ts";

/** Something wrong with a rule, whatever the data. */
export type Finding = {
  /** The alert, or the name of the recorded series. */
  readonly rule: string;
  readonly check: Check;
  /** What is wrong and how to fix it, as the rest of a sentence. */
  readonly message: string;
};

/** Rules that the lint rejects. */
export class RuleLintError extends Error {
  readonly code = "RULE_LINT";
  /** The rules with findings. */
  readonly subject: string;
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super(findings.map(({ rule, check, message }) => `${rule} [${check}]: ${message}`).join("\n"));
    this.name = "RuleLintError";
    this.subject = [...new Set(findings.map(({ rule }) => rule))].join(", ");
    this.findings = findings;
  }
}

/** Samples that one rule may read at an evaluation, with ten replicas: Prometheus reads about ten in a microsecond. */
const SAMPLES_PER_RULE = 100_000;

/** Looks at every rule of a catalogue, without data. */
export function lintRules(catalogue: Catalogue): Finding[] {
  const { groups, bundle } = catalogue;
  const alerts = groups.flatMap((group) => group.alerts);
  const alertLabels = new Map(
    alerts.map(({ name, signal }) => [name as string, signal?.labels ?? bundle.scope.labels]),
  );
  const recorded = new Map<string, Shape>();
  const findings: Finding[] = [];
  const inspect = (rule: string, of: { readonly expression: Alert["expression"] }, known = recorded) => {
    let samples = 0;
    const report = (check: Check, message: string) => findings.push({ rule, check, message });
    const context: ShapeContext = {
      bundle,
      recorded: known,
      alertLabels,
      scrapeIntervalMs: PRODUCTION.prometheus.scrapeIntervalMs,
      report,
      read: (count) => {
        samples += count;
      },
    };
    const shape = shapeOf(of.expression, context);
    if (samples > SAMPLES_PER_RULE) {
      const fix = "take a shorter window, or record an aggregate and read that";
      report("cost", `reads ${Math.round(samples)} samples at each evaluation, more than ${SAMPLES_PER_RULE}: ${fix}`);
    }
    for (const label of bundle.scope.labels.filter((each) => !shape.certain.has(each))) {
      report(
        "scope",
        `drops the scope label ${label}, so that installations are mixed: add it to by (...) or on (...)`,
      );
    }
    return { shape, report };
  };
  for (const labels of bundle.scope.installations)
    recorded.set(scopedName(EXPECTED_INSTALLATION, bundle), expected(labels));
  const record = (signal: Signal, intervalMs?: number) => {
    if (recorded.has(signal.record)) return;
    for (const input of signal.inputs ?? []) record(input, intervalMs);
    const { shape, report } = inspect(signal.record, signal);
    checkDeclared(signal, shape, report);
    recorded.set(signal.record, intervalMs === undefined ? shape : { ...shape, intervalMs });
  };
  for (const alert of alerts) {
    if (alert.signal !== undefined) record(alert.signal, alert.evaluatedEveryMs);
    const { shape, report } = inspect(alert.name, alert);
    checkAlert(alert, shape, report);
    checkTexts(annotationsOf(alert, bundle), shape, report);
    checkLinks(alert, catalogue, report);
  }
  return findings;
}

/** @throws RuleLintError if a rule has findings */
export function assertLinted(catalogue: Catalogue): void {
  const findings = lintRules(catalogue);
  if (findings.length > 0) throw new RuleLintError(findings);
}

function expected(labels: Readonly<Record<string, string>>): Shape {
  const names = new Set(Object.keys(labels));
  return {
    kind: "vector",
    certain: names,
    possible: names,
    bounds: { low: 1, high: 1 },
    counter: false,
    conditional: false,
  };
}

type Report = ShapeContext["report"];

/** Routes, inhibitions and panels use the labels that a signal declares. */
function checkDeclared({ labels }: Signal, { possible, counter }: Shape, report: Report): void {
  // A held counter keeps the labels of its target, and only rules read it.
  if (counter) return;
  const missing = labels.filter((label) => !possible.has(label));
  const extra = [...possible].filter((label) => !labels.includes(label));
  if (missing.length > 0) report("labels", `declares ${missing.join(", ")}, which its expression drops`);
  if (extra.length > 0) report("labels", `keeps ${extra.join(", ")}, which it does not declare`);
}

function checkAlert(
  { signal, severity, forMs, evaluatedEveryMs }: Alert,
  { counter, conditional }: Shape,
  report: Report,
): void {
  if (counter) report("counter", "fires for a counter as it is: take rate or increase of it first");
  // A dead man's switch always fires, on purpose.
  if (signal === undefined && severity === "none") return;
  if (!conditional) report("comparison", "fires for every sample: compare it with a threshold");
  // Between two evaluations of a group with an interval of its own, every target is scraped.
  if (evaluatedEveryMs === undefined && forMs < PRODUCTION.prometheus.evaluationIntervalMs) {
    report("comparison", "fires at the first evaluation, before every target is scraped: give it a for");
  }
}

/** A label that the expression drops prints as nothing. */
function checkTexts(annotations: Readonly<Record<string, string>>, { certain, possible }: Shape, report: Report): void {
  for (const [name, text] of Object.entries(annotations)) {
    for (const [, label = ""] of text.matchAll(/\$labels\.(\w+)/g)) {
      // A link works with an empty variable, and a text can ask first.
      const mayLack = name.endsWith("_url") || text.includes(`{{ with $labels.${label} }}`);
      if (!(mayLack ? possible : certain).has(label)) {
        report(
          "template",
          `the ${name} prints $labels.${label}, which the expression drops: keep it, or remove it from the text`,
        );
      }
    }
  }
}

function checkLinks(alert: Alert, { groups, bundle }: Catalogue, report: Report): void {
  const { runbook_url: page, dashboard_url: panel } = annotationsOf(alert, bundle);
  const alerts = groups.flatMap((group) => group.alerts);
  const known = alerts.map(({ name }) => `${name}.md`);
  if (page !== undefined && !known.includes(lastPart(page)))
    report("link", `runbook_url ${page} is not a page that is generated`);
  if (panel === undefined) return;
  // Templates stand for values here.
  const { searchParams } = new URL(panel.replaceAll(/{{.*?}}/g, "x"));
  const ids: readonly number[] = Object.values(PANEL_IDS);
  if (!ids.includes(Number(searchParams.get("viewPanel"))))
    report("link", `dashboard_url ${panel} names no panel of the dashboard`);
  const variables = [...DASHBOARD_VARIABLES, ...bundle.scope.labels].map((name) => `var-${name}`);
  const unknown = [...searchParams.keys()].filter((name) => name !== "viewPanel" && !variables.includes(name));
  if (unknown.length > 0) report("link", `dashboard_url sets ${unknown.join(", ")}, which the dashboard does not have`);
}

function lastPart(url: string): string {
  return URL.canParse(url) ? (new URL(url).pathname.split("/").at(-1) ?? "") : "";
}
