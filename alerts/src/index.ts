export { default as EXAMPLE_BUNDLE } from "./bundle/example.config.ts";
export { BUNDLE, type Bundle, type BundleConfig, resolveBundle } from "./bundle/index.ts";
export type {
  Alert,
  Rule,
  Severity,
} from "./catalogue/alert.ts";
export { BURNS, burnRecord, burnsText, inDays, type Speed } from "./catalogue/errorBudget.ts";
export { FAULTS, type FaultId, FaultSizeError, ONE_IN } from "./catalogue/faults.ts";
export {
  ALERTS,
  type AlertName,
  alertNamed,
  buildCatalogue,
  CATALOGUE,
  FAULT_SIZES,
  faultText,
  GROUPS,
  requireFault,
  SHIPPED_ALERTS,
  shippedCatalogue,
  signalNamed,
  withoutObjectives,
} from "./catalogue/index.ts";
export { clusterScope } from "./catalogue/installation.ts";
export {
  CONTEXT,
  type Command,
  commandsIn,
  commandsOf,
  commandText,
  type Deployment,
  outputShows,
  type Runbook,
  type Shows,
  withOutput,
} from "./catalogue/runbooks/runbook.ts";
export { scopeVariable } from "./catalogue/runbooks/scopedRunbook.ts";
export type { Case, Samples } from "./catalogue/samples/samples.ts";
export { REFUSED_REQUESTS } from "./catalogue/submissionsFailing/alert.ts";
export { REFUSED_TASKS } from "./catalogue/typeSubmissionsFailing/alert.ts";

export { driftOf, type GeneratedFiles, writeGenerated } from "./generated.ts";
export { DASHBOARD_UID, PANEL_IDS } from "./panels.ts";
export { KUBERNETES_SECRETS_PATH, PREAMBLES, QUEUE_OF_LABELS } from "./preambles.ts";
export { annotationsOf, instanceOf, labelsOf } from "./render/annotations.ts";
export { EXAMPLE_THRESHOLDS } from "./render/bundlePage.ts";
export { renderCorrections } from "./render/corrections.ts";
export {
  prometheusFlags,
  renderPrometheusConfig,
} from "./render/prometheusConfig.ts";
export {
  type AlertingRule,
  evaluationIntervalMs,
  type RecordingRule,
  type RuleFile,
  type RuleGroup,
  type RuleSource,
  renderRules,
  ruleFile,
} from "./render/ruleFile.ts";
export { renderRunbooks } from "./render/runbooks.ts";
export { generatedYaml } from "./render/yaml.ts";
export { budgetLeft, type Objective, objectiveOf, objectivesOf } from "./slo/objectives.ts";
export {
  DRILL_FACTOR,
  drillProfile,
  formatDuration,
  hours,
  minutes,
  PRODUCTION,
  parseDuration,
  scaleMs,
  seconds,
  type TimingProfile,
} from "./timing.ts";
