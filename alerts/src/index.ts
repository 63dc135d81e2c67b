export { BUNDLE, type Bundle, type BundleConfig, BundleError, resolveBundle } from "./bundle/index.ts";
export {
  type Alert,
  type Facts,
  HOLDOVER_MS,
  KEEP_FIRING_FOR_MS,
  type Severity,
  type Signal,
} from "./catalogue/alert.ts";
export {
  FAULT_IDS,
  FAULT_SIZES,
  type FaultId,
  FaultSizeError,
  type FaultText,
  faultText,
} from "./catalogue/faults.ts";
export {
  ALERTS,
  type AlertGroup,
  type AlertName,
  alertNamed,
  buildCatalogue,
  CATALOGUE,
  type Catalogue,
  GROUPS,
  SHIPPED_ALERTS,
} from "./catalogue/index.ts";
export {
  type Command,
  type Correction,
  commandsOf,
  commandText,
  DEPLOYMENTS,
  type Deployment,
  type Mitigation,
  outputShows,
  type Runbook,
  type Shows,
  type Step,
} from "./catalogue/runbook.ts";
export type { Case } from "./catalogue/samples.ts";
export { CatalogueError } from "./errors.ts";
export { driftOf, type GeneratedFiles, writeGenerated } from "./generated.ts";
export { DASHBOARD_UID, DASHBOARD_VARIABLES, PANEL_IDS, type PanelKey } from "./panels.ts";
export { KUBERNETES_SECRETS_PATH, PREAMBLES } from "./preambles.ts";
export { annotationsOf, COMMON_LABELS, labelsOf } from "./render/annotations.ts";
export {
  type Discovery,
  type PrometheusPaths,
  prometheusFlags,
  renderPrometheusConfig,
} from "./render/prometheusConfig.ts";
export {
  type AlertingRule,
  type RecordingRule,
  type RuleFile,
  type RuleGroup,
  type RuleSource,
  ruleFile,
} from "./render/ruleFile.ts";
export { renderRules } from "./render/rules.ts";
export { renderRunbooks } from "./render/runbooks.ts";
export { generatedYaml, HEADER } from "./render/yaml.ts";
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
  TimingError,
  type TimingProfile,
} from "./timing.ts";
export { formatThreshold, type Unit } from "./units.ts";
